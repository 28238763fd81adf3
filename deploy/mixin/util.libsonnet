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

  // One direction of the pairs: the labels of the series' pool and of its partner become source_pool and target_pool.
  pair(expr, source, target, info='pool:sfb_backup_pool:info'): |||
    max without (pool, paired_pool) (
      label_replace(
        label_replace(
          (%s)
          * on (job, pool) group_left (paired_pool, pair, site, deployment)
          %s,
          "source_pool", "$1", "%s", "(.*)"
        ),
        "target_pool", "$1", "%s", "(.*)"
      )
    )
  ||| % [expr, info, source, target],

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

  // A sentence that names the agents of which expr is true: alerts have no instance. The labels of the alert stand for its %q.
  agents(expr, labels=['job']): '{{ with printf "%s" %s | query }} Agents:{{ range . }} {{ .Labels.instance }}{{ end }}.{{ end }}'
                                % [expr, std.join(' ', ['$labels.' + label for label in labels])],

  // A sentence for each of `names` that is none of `known`, with those that may have been meant: they share most pairs of letters.
  strangers(names, known): [
    local near = [other for other in known if likeness(name, other) >= 0.7];
    '%s is not known' % name + if near == [] then '' else ' (did you mean %s?)' % std.join(' or ', near)
    for name in names
    if !std.member(known, name)
  ],
  local letters(name) = std.set([std.asciiLower(name[i:i + 2]) for i in std.range(0, std.length(name) - 2)]),
  local likeness(one, other) =
    2 * std.length(std.setInter(letters(one), letters(other))) / (std.length(letters(one)) + std.length(letters(other))),

  pool: '{{ $labels.pool }} (partner {{ $labels.paired_pool }})',
  module: '{{ $labels.pool }} (partner {{ $labels.paired_pool }}): {{ $labels.module }}',
}
