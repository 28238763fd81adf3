// Recording rules for the dashboards alone: states and verdicts as numbers, the larger the worse, and what was known of the pools within the
// last hour: an agent that is down leaves `unknown` behind, not an empty page.
local util = import 'util.libsonnet';
{
  local current = 'and on (job, instance, pool) instance_pool:sfb_backup_answer:current',
  local lately = 'pool:sfb_backup_pool_info:last_1h',
  local pair(expr, source, target) = util.pair(expr, source, target, lately),

  // states: the code of each state, in the order of badness. NotInitialized is 2 where the agent accepts it, else 4.
  local code(direction, states) = |||
    max by (job, pool, module) (
      (
        %(alternatives)s
        or
        (2 * (%(family)s{%(family)s="NotInitialized"} == 1) and on (job, instance, pool, module) sfb_backup_module_working == 1)
        or
        (4 * (%(family)s{%(family)s="NotInitialized"} == 1) unless on (job, instance, pool, module) sfb_backup_module_working == 1)
      )
      and on (job, instance, pool)
      instance_pool:sfb_backup_answer:current
    )
    or
    0 * max by (job, pool, module) (%(family)s_change_timestamp_seconds) + 3
    or
    0 * (
      max by (job, pool, module) (last_over_time(%(family)s_change_timestamp_seconds[1h]))
      unless on (job, pool)
      pool:sfb_backup_pool:info
    ) + 3
  ||| % {
    family: 'sfb_backup_module_%s_state' % direction,
    local family = self.family,
    alternatives: std.join('\n    or\n    ', ['%d * (%s{%s="%s"} == 1)' % [each[1], family, family, each[0]] for each in states]),
  },
  local keys = 'job, pair, source_pool, target_pool',
  // The larger of two vectors with equal labels, and either where it is alone.
  local larger(one, other) = |||
    (
      %(one)s
      >
      %(other)s
    )
    or
    %(other)s
    or
    %(one)s
  ||| % { one: util.indent(one), other: util.indent(other) },
  local end(direction) = |||
    (
      max by (%s) (pair_direction:sfb_backup_module_%s_state:code{source_pool!="",target_pool!=""})
      or
      3 * pair_direction:sfb_backup_pair:known
    )
  ||| % [keys, direction],
  local badAge(direction, source, target) = |||
    max by (%s) (
      %s
    )
  ||| % [keys, util.indent(pair(|||
    max by (job, pool, module) (pool_module:sfb_backup_module_%(d)s_state_age_seconds:max)
    and on (job, pool, module)
    pool_module:sfb_backup_module_%(d)s_state:code >= 3
  ||| % { d: direction }, source, target))],

  prometheusRules+:: {
    groups+: [{
      name: 'sfb-backup-dashboards',
      rules: [
        {
          record: lately,
          expr: |||
            pool:sfb_backup_pool:info
            or on (job, pool)
            topk by (job, pool) (1, last_over_time(pool:sfb_backup_pool:info[1h]))
          |||,
        },
        // 0 working, 1 working by the last good answer while evaluations fail, 2 unknown, 3 not configured, 4 not working.
        {
          record: 'pool:sfb_backup_verdict:code',
          expr: |||
            (max by (job, pool) (sfb_backup_service_configured %(current)s) == 0) + 3
            or
            (min by (job, pool) (sfb_backup_service_working %(current)s) == 0) + 4
            or
            min by (job, pool) (sfb_backup_service_working %(current)s) - on (job, pool) pool:sfb_backup_up:max
            or
            0 * max by (job, pool) (pool:sfb_backup_pool_info:last_1h) + 2
          ||| % { current: current },
        },
        {
          record: 'pool_module:sfb_backup_module_export_state:code',
          expr: code('export', [['FinalState', 0], ['SteadyState', 1], ['Unknown', 3], ['NonSteadyState', 5], ['ErrorState', 6]]),
        },
        {
          record: 'pool_module:sfb_backup_module_import_state:code',
          expr: code('import', [['NormalState', 0], ['Unknown', 3], ['ErrorState', 6]]),
        },
        {
          record: 'pair_direction:sfb_backup_module_export_state:code',
          expr: pair('pool_module:sfb_backup_module_export_state:code', 'pool', 'paired_pool'),
        },
        {
          record: 'pair_direction:sfb_backup_module_import_state:code',
          expr: pair('pool_module:sfb_backup_module_import_state:code', 'paired_pool', 'pool'),
        },
        // Each direction with a name for both ends, also where nothing of either is known.
        {
          record: 'pair_direction:sfb_backup_pair:known',
          expr: |||
            max by (%(keys)s) (
              %(there)s
            )
            or
            max by (%(keys)s) (
              %(back)s
            )
          ||| % {
            keys: keys,
            there: util.indent(pair(lately + '{paired_pool!=""}', 'pool', 'paired_pool')),
            back: util.indent(pair(lately + '{paired_pool!=""}', 'paired_pool', 'pool')),
          },
        },
        // The worse of both ends; 3 where an end says nothing: its pool is not configured, or was never evaluated well.
        { record: 'pair_direction:sfb_backup_state:code', expr: larger(end('export'), end('import')) },
        // For how long the oldest bad or unknown state of either end has been there.
        {
          record: 'pair_direction:sfb_backup_bad_age_seconds:max',
          expr: larger(badAge('export', 'pool', 'paired_pool'), badAge('import', 'paired_pool', 'pool')),
        },
        // 1 while both ends are evaluated well, 0 while one is not; absent where one is not known.
        {
          record: 'pair_direction:sfb_backup_up:min',
          expr: |||
            max by (%(keys)s) (
              %(source)s
            )
            *
            max by (%(keys)s) (
              %(target)s
            )
          ||| % {
            keys: keys,
            source: util.indent(pair('pool:sfb_backup_up:max', 'pool', 'paired_pool')),
            target: util.indent(pair('pool:sfb_backup_up:max', 'paired_pool', 'pool')),
          },
        },
      ],
    }],
  },
}
