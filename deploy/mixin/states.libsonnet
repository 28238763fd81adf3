// Alerts on what the pools answer. They rest on facts that outlive a restart of the exporter: since when a state is
// there, when it was last healthy, or a range of samples. `for` stands only where there is no such fact.
local util = import 'util.libsonnet';
{
  local config = $._config,
  local alert(name, severity, expr, summary, description, wait='', keep='10m') =
    util.alert(config, name, severity, expr, summary, description, wait, keep),

  local stateFor(direction, state, seconds) = util.withPool(|||
    max without (sfb_backup_module_%(direction)s_state) (
      pool_module:sfb_backup_module_%(direction)s_state_age_seconds:max{sfb_backup_module_%(direction)s_state="%(state)s"}
    )
    >= %(seconds)d
  ||| % { direction: direction, state: state, seconds: seconds }),

  local backlog(severity, seconds) = alert(
    'SfbBackupExportBacklog',
    severity,
    stateFor('export', 'NonSteadyState', seconds),
    util.module + ' does not keep up with its export.',
    |||
      The export has been in NonSteadyState for {{ $value | humanizeDuration }}: changes arrive faster than they are copied, the backlog grows.
    |||
  ),

  local lag(severity, seconds, lync2013Seconds) = alert(
    'SfbBackupExportLagHigh',
    severity,
    util.withPool(|||
      (
        pool_module:sfb_backup_module_export_lag_seconds:max{pool!~"%(pools)s"} > %(seconds)d
        or
        pool_module:sfb_backup_module_export_lag_seconds:max{pool=~"%(pools)s"} > %(lync2013Seconds)d
      )
      and on (job, pool, module)
      max by (job, pool, module) (
        sfb_backup_module_export_state{sfb_backup_module_export_state=~"NonSteadyState|ErrorState|Unknown"}
      ) == 1
    ||| % { pools: std.strReplace(config.lync2013Pools, '\\', '\\\\'), seconds: seconds, lync2013Seconds: lync2013Seconds }),
    util.module + ' was last exported well {{ $value | humanizeDuration }} before the newest answer.',
    |||
      The export is unhealthy now; that long ago it was last in FinalState or SteadyState. A failover now would lose changes.
    |||
  ),

  local wordUnknown = std.join('or\n', [
    |||
      max by (job, pool) (sfb_backup_module_%(direction)s_state{sfb_backup_module_%(direction)s_state="Unknown"}) == 1
    ||| % { direction: direction }
    for direction in ['export', 'import']
  ]),

  // The store's master: a count for each deployment. Pools without a deployment in the configuration count as one.
  local cms(states) = |||
    (
      max by (job, pool, sfb_backup_module_export_state) (
        sfb_backup_module_export_state{module="CentralMgmt.CMSMaster", sfb_backup_module_export_state%s}
        and on (job, instance, pool)
        instance_pool:sfb_backup_answer:current
      ) == 1
    )
    * on (job, pool) group_left (deployment) pool:sfb_backup_pool:info
  ||| % states,
  // Pools with an answer so young that a move of the master cannot be half seen.
  local young = |||
    max by (job, pool) (sfb_backup_service_configured)
    and on (job, pool)
    time() - max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds)
      < on (job, pool) %d * pool:sfb_backup_answer_interval_seconds:max
  ||| % config.staleIntervals,
  local unwatched = |||
    pool:sfb_backup_pool:info{paired_pool!=""}
    unless on (job, paired_pool)
    label_replace(pool:sfb_backup_pool:info, "paired_pool", "$1", "pool", "(.*)")
  |||,
  local noCmsExport(severity, partners) = alert(
    'SfbBackupNoCmsExport',
    severity,
    |||
      count by (job, deployment) (
        %s
      )
      unless on (job, deployment)
      count by (job, deployment) (
        %s
      )
      unless on (job, deployment)
      count by (job, deployment) (
        pool:sfb_backup_pool:info
        unless on (job, pool)
        (
          %s
        )
      )
      %s on (job, deployment)
      count by (job, deployment) (
        %s
      )
    ||| % [
      util.indent(cms('="NotInitialized"')),
      util.indent(cms('!="NotInitialized"')),
      util.indent(util.indent(young)),
      partners,
      util.indent(unwatched),
    ],
    'No %spool of deployment "{{ $labels.deployment }}" exports CentralMgmt.CMSMaster.' % (if partners == 'and' then 'watched ' else ''),
    'Every pool answers, and the CentralMgmt.CMSMaster export is NotInitialized on all {{ $value }} pools that have it. '
    + (if partners == 'and'
       then 'A partner is not configured and may be the master (SfbBackupPartnerNotWatched). If it is not, there is no current copy of the Central Management store.'
       else 'If the master is lost now, there is no current copy of the Central Management store.'),
    '30m'
  ),

  local direction(name) = |||
    label_replace(
      max without (sfb_backup_module_%(name)s_state) (
        pool_module:sfb_backup_module_%(name)s_state_age_seconds:max{sfb_backup_module_%(name)s_state="Unknown"}
      ) >= %(seconds)d,
      "direction", "%(name)s", "", ""
    )
  ||| % { name: name, seconds: config.unknownSeconds },

  prometheusAlerts+:: {
    groups+: [{
      name: 'sfb-backup-states',
      rules: [
        alert(
          'SfbBackupExportError',
          'critical',
          stateFor('export', 'ErrorState', config.errorSeconds),
          util.module + ' cannot export.',
          |||
            The export has been in ErrorState for {{ $value | humanizeDuration }}. The partner gets no new data of this module; how much is missing is not known.
          |||
        ),
        alert(
          'SfbBackupImportError',
          'critical',
          stateFor('import', 'ErrorState', config.errorSeconds),
          util.module + ' cannot import.',
          |||
            The import has been in ErrorState for {{ $value | humanizeDuration }}. This pool does not take in what its partner sends, so it cannot stand in for it.
          |||
        ),
        backlog('warning', config.backlogWarningSeconds),
        backlog('critical', config.backlogCriticalSeconds),
        lag('warning', config.exportLagWarningSeconds, config.lync2013ExportLagWarningSeconds),
        lag('critical', config.exportLagCriticalSeconds, config.lync2013ExportLagCriticalSeconds),
        alert(
          'SfbBackupExportNeverHealthy',
          'warning',
          util.withPool(|||
            min_over_time(pool_module:sfb_backup_module_export_unhealthy:max[%(time)s]) == 1
            and on (job, pool, module)
            count_over_time(pool_module:sfb_backup_module_export_unhealthy:max[20m] offset %(time)s)
            unless on (job, pool, module)
            pool_module:sfb_backup_module_export_last_healthy_timestamp_seconds:known
          ||| % { time: config.neverHealthy }),
          util.module + ' has not exported well since it was first seen.',
          |||
            The export is unhealthy, and no healthy time of it is known from the last two days. Probably the first synchronisation never finished.
          |||
        ),
        // What an answer no longer lists has no state that another rule could judge. While the newest answer names no module at
        // all, SfbBackupUnconfigured tells it.
        alert(
          'SfbBackupModuleMissing',
          'warning',
          util.withPool(|||
            count by (job, pool, module) (
              last_over_time(pool_module:sfb_backup_module_export_state_age_seconds:max[%(memory)s])
            )
            unless on (job, pool, module)
            count by (job, pool, module) (
              last_over_time(pool_module:sfb_backup_module_export_state_age_seconds:max[%(missing)s])
            )
            and on (job, pool)
            pool_module:sfb_backup_module_export_state_age_seconds:max
          ||| % { memory: config.moduleMemory, missing: config.moduleMissing }),
          util.module + ' is not listed any more.',
          |||
            Answers of the last %s listed this module, and for %s none has. Whether it is still copied is not known.
          ||| % [config.moduleMemory, config.moduleMissing]
        ),
        // Short spells of ErrorState, each over before SfbBackupExportError, count with the good ones between them.
        alert(
          'SfbBackupStateFlapping',
          'warning',
          util.withPool(|||
            changes(pool_module:sfb_backup_module_export_error:max[%(window)s]) >= %(changes)d
            or
            changes(pool_module:sfb_backup_module_import_error:max[%(window)s]) >= %(changes)d
            or
            (
              changes(pool_module:sfb_backup_module_export_unhealthy:max[%(window)s]) >= %(changes)d
              and
              avg_over_time(pool_module:sfb_backup_module_export_unhealthy:max[%(window)s]) > 0.5
            )
          ||| % { window: config.flappingWindow, changes: config.flappingChanges }),
          util.module + ' goes to and fro between good and bad states.',
          |||
            {{ $value }} changes within %s. Each bad spell ends before another alert would tell of it.
          ||| % config.flappingWindow,
          keep='30m'
        ),
        alert(
          'SfbBackupNotWorking',
          'warning',
          util.withPool(util.lasts0('sfb_backup_service_working', 'job, pool', config.notWorking)),
          util.pool + ': the Backup Service does not work properly.',
          |||
            For %s not every module has been exporting and importing as it should{{ with printf "sfb_backup_module_working{job=%%q,pool=%%q} == 0" $labels.job $labels.pool | query }}; now it is{{ range . }} {{ .Labels.module }}{{ end }}{{ end }}. Or the answer holds no modules at all.
          ||| % config.notWorking
        ),
        alert(
          'SfbBackupUnconfigured',
          'critical',
          util.withPool(|||
            max by (job, pool) (
              sfb_backup_service_configured
              and on (job, instance, pool)
              instance_pool:sfb_backup_answer:current
            ) == 0
          |||, '{paired_pool!=""}'),
          util.pool + ': the Backup Service is not configured.',
          |||
            The answer is whole and names no module, but the configuration of the exporter names a partner. Nothing of this pool is copied.
          |||
        ),
        alert(
          'SfbBackupActiveMachineMoving',
          'warning',
          util.withPool('max by (job, pool) (increase(sfb_backup_active_machine_changes_total[%s])) > %d\n' % [config.machineWindow, config.machineMoves]),
          util.pool + ': the active front end of the Backup Service moves often.',
          |||
            {{ printf "%%.0f" $value }} moves within %s. Each one interrupts what is being copied.
          ||| % config.machineWindow,
          keep='30m'
        ),
        // No rule can judge a word that is not known, so somebody should read it.
        alert(
          'SfbBackupStateUnknown',
          'info',
          util.withPool(
            direction('export') + 'or\n' + direction('import')
            + 'or\n(\n  ' + util.indent(util.lasts0('pool:sfb_backup_verdict_known:max', 'job, pool', config.verdictUnknown))
            // A word that is not known is told of its module.
            + '\n)\nunless on (job, pool)\n(\n  ' + util.indent(wordUnknown) + '\n)\n'
          ),
          '{{ if $labels.module }}' + util.module + ' reports a state that this exporter does not know.{{ else }}'
          + util.pool + ': the answers do not tell whether backup works.{{ end }}',
          |||
            {{ if $labels.module }}The {{ $labels.direction }} state is a word the exporter has no name for. The query for this pool and its history hold the word.{{ else }}Evaluations are good, but the answers are empty and output may be missing, they lack a module that the configuration says this pool has, or they are older than stale_after. The history of this pool says why.{{ end }}
          |||
        ),
        // Silent while any pool exports the store, in whatever state (ErrorState has its own alert), and while a pool has
        // no young answer: it may be the master. Where a partner is not watched nobody can be sure: a warning.
        noCmsExport('critical', 'unless'),
        noCmsExport('warning', 'and'),
        alert(
          'SfbBackupCmsExportDuplicate',
          'warning',
          |||
            count by (job, deployment) (
              (
                %s
              )
              and on (job, pool)
              (
                %s
              )
            ) > 1
          ||| % [util.indent(util.indent(cms('!~"NotInitialized|Unknown"'))), util.indent(util.indent(young))],
          'Several pools of deployment "{{ $labels.deployment }}" export CentralMgmt.CMSMaster.',
          '{{ $value }} pools export it. Only the pool with the active Central Management store should.',
          '30m'
        ),
      ],
    }],
  },
}
