// Alerts on the evaluations, and on what further collectors tell.
local util = import 'util.libsonnet';
{
  local config = $._config,
  local alert(name, severity, expr, summary, description, wait='', keep='10m') =
    util.alert(config, name, severity, expr, summary, description, wait, keep),

  prometheusAlerts+:: {
    groups+: [
      {
        name: 'sfb-backup-evaluations',
        rules: [
          alert(
            'SfbBackupEvaluationFailing',
            'warning',
            util.withPool('pool:sfb_backup_up:max == 0\n'),
            util.pool + ': the backup status cannot be evaluated.',
            |||
              Evaluations fail{{ with printf "topk(1, max by (reason, code) (sfb_backup_current_failure{job=%q,pool=%q}))" $labels.job $labels.pool | query }}{{ with . | first }}, now with reason {{ .Labels.reason }} and code {{ .Labels.code }}{{ end }}{{ end }}. The states shown are the last ones known.
            |||,
            config.evaluationFailing
          ),
          alert(
            'SfbBackupEvaluationFlapping',
            'warning',
            util.withPool(|||
              changes(pool:sfb_backup_up:max[%(window)s]) >= %(changes)d
              and
              avg_over_time(pool:sfb_backup_up:max[%(window)s]) < 0.5
            ||| % { window: config.flappingWindow, changes: config.flappingChanges }),
            util.pool + ': evaluations fail more often than not, with good ones between.',
            |||
              {{ $value }} changes within %s. No spell lasts long enough for SfbBackupEvaluationFailing.
            ||| % config.flappingWindow,
            keep='30m'
          ),
          // Where there was never a good answer, the clock starts with the process or with the last reload: a reload may
          // have brought the pool.
          alert(
            'SfbBackupEvaluationStale',
            'critical',
            util.withPool(|||
              time() - (
                max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds)
                or
                0 * pool:sfb_backup_answer_interval_seconds:max
                + on (job) group_left ()
                max by (job) (
                  {__name__=~"process_start_time_seconds|sfb_backup_exporter_config_last_reload_success_timestamp_seconds"}
                )
              )
              > on (job, pool)
              %d * pool:sfb_backup_answer_interval_seconds:max + %d
            ||| % [config.staleIntervals, config.staleSeconds]),
            util.pool + ': the backup status is out of date.',
            'No good answer for {{ $value | humanizeDuration }}. Nothing is known about the present state of its backup.'
          ),
          alert(
            'SfbBackupPoolsMissing',
            'warning',
            |||
              max by (job) (
                sfb_backup_exporter_configured_pools
                - on (job, instance)
                (
                  count by (job, instance) (sfb_backup_up)
                  or on (job, instance)
                  0 * sfb_backup_exporter_configured_pools
                )
              )
              > 0
            |||,
            '{{ $labels.job }}: pools have no completed evaluation yet.',
            // The pools with their agents: an agent shows the interval of each pool that it has.
            |||
              {{ $value }} pools of one agent have no completed evaluation since it started or was given them. What it knew of them before is shown while it is young enough. SfbBackupEvaluationFailing cannot see this.{{ with printf "topk(10, sfb_backup_evaluation_interval_seconds{job=%q} unless on (job, instance, pool) sfb_backup_up)" $labels.job | query }} Some of them:{{ range . }} {{ .Labels.pool }} ({{ .Labels.instance }}){{ end }}.{{ end }}
            |||,
            '15m'
          ),
          // Errors that ended nothing: the answer counts, and may lack what they are about. A range, so that a restart does not
          // start anew.
          alert(
            'SfbBackupNonFatalErrors',
            'warning',
            util.withPool(|||
              max by (job, pool) (
                min_over_time(sfb_backup_nonfatal_errors[%(time)s]) > 0
                and
                count_over_time(sfb_backup_nonfatal_errors[20m] offset %(time)s)
              )
            ||| % { time: config.nonFatalErrors }),
            util.pool + ': the cmdlet writes errors beside its answers.',
            'For %s each answer came with {{ $value }} errors or more. It counts as good, and may lack what the errors are about. The history of this pool has their text.' % config.nonFatalErrors
            + util.agents('sfb_backup_nonfatal_errors{job=%q,pool=%q} > 0', ['job', 'pool'])
          ),
          alert(
            'SfbBackupPartnerNotWatched',
            'warning',
            |||
              pool:sfb_backup_pool:info{paired_pool!=""}
              unless on (job, paired_pool)
              label_replace(pool:sfb_backup_pool:info, "paired_pool", "$1", "pool", "(.*)")
            |||,
            util.pool + ': the partner is not configured.',
            'Only one direction of this pair is watched: what the partner exports, and whether it imports, is not known.',
            '15m'
          ),
          alert(
            'SfbBackupDropClockWrong',
            'warning',
            util.withPool('max by (job, pool) (sfb_backup_file_clock_ahead) == 1\n'),
            util.pool + ': the clock behind the dropped file is ahead.',
            'The date in the file is later than the time of the exporter. Ages and lags of this pool are wrong; above one hour its files are refused.',
            '15m'
          ),
        ],
      },
      // They ask every hour by default, so what may be true for a moment must outlast two answers.
      {
        name: 'sfb-backup-collectors',
        rules: [
          // After each change of the topology or of a policy a replica is behind for some minutes.
          alert(
            'SfbBackupReplicaNotUpToDate',
            'warning',
            util.withPool(util.lasts0('sfb_backup_management_store_replica_up_to_date', 'job, pool, replica', config.replicaBehind)),
            "{{ $labels.replica }}: the server's copy of the Central Management store is not up to date.",
            'It does not have the newest state of the store, as told through {{ $labels.pool }}. It works with an old configuration.'
          ),
          alert(
            'SfbBackupNoActiveMaster',
            'critical',
            util.withPool('max by (job, pool) (sfb_backup_central_management_store_active_master_named) == 0\n'),
            util.pool + ': the Central Management store has no active master.',
            'Asked through this pool, the store names no active master. The configuration of the deployment cannot be changed or replicated.',
            '10m'
          ),
          alert(
            'SfbBackupPartnerNotConfigured',
            'warning',
            util.withPool(|||
              max by (job, pool, partner) (sfb_backup_pool_backup_relationship_info)
              unless on (job, pool, partner)
              label_replace(pool:sfb_backup_pool:info, "partner", "$1", "paired_pool", "(.+)")
            |||),
            util.pool + ': the server names {{ if $labels.partner }}another partner, {{ $labels.partner }}{{ else }}no partner{{ end }}.',
            'The configuration of the exporter and the server do not agree. The alerts that look at both pools of a pair look at the wrong ones.',
            '10m'
          ),
          alert(
            'SfbBackupCollectorFailing',
            'warning',
            util.withPool(util.lasts0('sfb_backup_collector_up', 'job, pool, collector', config.collectorFailing)),
            util.pool + ': the collector {{ $labels.collector }} fails.',
            'Its evaluations have failed for %s. The alerts that rest on its metrics end when its last good answer is too old.' % config.collectorFailing
          ),
        ],
      },
    ],
  },
}
