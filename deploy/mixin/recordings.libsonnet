// Recording rules: without `instance`, so that two agents over the same pools, or a pool that moves from one agent to
// another, are one thing. Their names say what they are by: pool, pool_module, pair_direction.
local util = import 'util.libsonnet';
{
  local pair = util.pair,
  local stateAge(direction) = |||
    max by (job, pool, module, sfb_backup_module_%(direction)s_state) (
      (time() - sfb_backup_module_%(direction)s_state_change_timestamp_seconds)
      * on (job, instance, pool, module) group_right ()
      (sfb_backup_module_%(direction)s_state == 1)
      and on (job, instance, pool)
      instance_pool:sfb_backup_answer:current
    )
  ||| % { direction: direction },
  local bad(direction, states) = |||
    max by (job, pool, module) (
      sfb_backup_module_%(direction)s_state{sfb_backup_module_%(direction)s_state=~"%(states)s"}
      and on (job, instance, pool)
      instance_pool:sfb_backup_answer:current
    )
  ||| % { direction: direction, states: states },

  prometheusRules+:: {
    groups+: [{
      name: 'sfb-backup-recordings',
      rules: [
        // One row for each pool, also while two agents have different configurations.
        {
          record: 'pool:sfb_backup_pool:info',
          expr: |||
            topk by (job, pool) (1,
              max by (job, pool, paired_pool, pair, site, deployment) (sfb_backup_pool_info)
            )
          |||,
        },
        // After how long a new answer is to be expected. A dropped file brings nothing new between two exports; its
        // max_age should span five of them.
        {
          record: 'pool:sfb_backup_answer_interval_seconds:max',
          expr: |||
            max by (job, pool) (
              sfb_backup_file_max_age_seconds / 5 > sfb_backup_evaluation_interval_seconds
              or
              sfb_backup_evaluation_interval_seconds
            )
          |||,
        },
        // The agents whose answer is about as new as the newest: an agent that fails shows what it knew.
        {
          record: 'instance_pool:sfb_backup_answer:current',
          expr: |||
            sfb_backup_last_evaluation_success_timestamp_seconds
            >= on (job, pool) group_left ()
            (
              max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds)
              - on (job, pool)
              2 * pool:sfb_backup_answer_interval_seconds:max
            )
          |||,
        },
        { record: 'pool:sfb_backup_up:max', expr: 'max by (job, pool) (sfb_backup_up)' },
        // 0 where evaluations are good and yet do not tell whether backup works.
        {
          record: 'pool:sfb_backup_verdict_known:max',
          expr: |||
            0 * max by (job, pool) (sfb_backup_service_working) + 1
            or
            0 * (pool:sfb_backup_up:max == 1)
          |||,
        },
        { record: 'pool_module:sfb_backup_module_export_state_age_seconds:max', expr: stateAge('export') },
        { record: 'pool_module:sfb_backup_module_import_state_age_seconds:max', expr: stateAge('import') },
        { record: 'pool_module:sfb_backup_module_export_unhealthy:max', expr: bad('export', 'NonSteadyState|ErrorState') },
        { record: 'pool_module:sfb_backup_module_export_error:max', expr: bad('export', 'ErrorState') },
        { record: 'pool_module:sfb_backup_module_import_error:max', expr: bad('import', 'ErrorState') },
        // The last time a module's export was known healthy, also across restarts of an agent without a state database.
        // The exporter removes the time when an export becomes NotInitialized (a new pairing starts from nothing), so
        // after such a state only a time that is exposed now counts, not a remembered one.
        {
          record: 'pool_module:sfb_backup_module_export_last_healthy_timestamp_seconds:known',
          expr: |||
            max by (job, pool, module) (sfb_backup_module_export_last_healthy_timestamp_seconds)
            or
            (
              max by (job, pool, module) (max_over_time(sfb_backup_module_export_last_healthy_timestamp_seconds[2d]))
              unless
              max by (job, pool, module) (
                max_over_time(sfb_backup_module_export_state{sfb_backup_module_export_state="NotInitialized"}[2d])
              ) == 1
            )
          |||,
        },
        // The distance between the newest answer and the last healthy one, not the age of either: a healthy pool that is
        // only unreachable has no lag that we know of.
        {
          record: 'pool_module:sfb_backup_module_export_lag_seconds:max',
          expr: |||
            max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds)
            - on (job, pool) group_right ()
            pool_module:sfb_backup_module_export_last_healthy_timestamp_seconds:known
          |||,
        },
        // The two directions of a pair, for dashboards: what the source exports, the target imports.
        {
          record: 'pair_direction:sfb_backup_module_export_lag_seconds:max',
          expr: pair('pool_module:sfb_backup_module_export_lag_seconds:max', 'pool', 'paired_pool'),
        },
        {
          record: 'pair_direction:sfb_backup_module_export_unhealthy:max',
          expr: pair('pool_module:sfb_backup_module_export_unhealthy:max', 'pool', 'paired_pool'),
        },
        {
          record: 'pair_direction:sfb_backup_module_import_error:max',
          expr: pair('pool_module:sfb_backup_module_import_error:max', 'paired_pool', 'pool'),
        },
      ],
    }],
  },
}
