// What the rules have in common.
{
  // Joins what is known of a pool: alerts carry its partner, pair, site and deployment.
  withPool(expr, filter=''): |||
    (
      %s
    )
    * on (job, pool) group_left (paired_pool, pair, site, deployment)
    pool:sfb_backup_pool:info%s
  ||| % [indent(expr), filter],

  // A gauge of 0 and 1 that was 0 all the time. A range instead of `for`: the samples of before a restart count. The
  // samples at its beginning may be missing where the exporter restarted just then.
  lasts0(metric, by, duration): |||
    max by (%(by)s) (max_over_time(%(metric)s[%(duration)s])) == 0
    and on (%(by)s)
    max by (%(by)s) (count_over_time(%(metric)s[20m] offset %(duration)s))
  ||| % { metric: metric, by: by, duration: duration },

  local indent(text) = std.strReplace(std.rstripChars(text, '\n'), '\n', '\n  '),
  indent:: indent,

  // keep: how long it goes on after its cause was last seen; bridges a restart of the exporter.
  alert(config, name, severity, expr, summary, description, wait='', keep='10m'): {
    alert: name,
    expr: expr,
    [if wait != '' then 'for']: wait,
    [if keep != '' then 'keep_firing_for']: keep,
    labels: { severity: severity },
    annotations: {
      summary: summary,
      description: description,
      runbook_url: config.runbookURLPattern % name,
    },
  },

  pool: '{{ $labels.pool }} (partner {{ $labels.paired_pool }})',
  module: '{{ $labels.pool }} (partner {{ $labels.paired_pool }}): {{ $labels.module }}',
}
