// What is known of the chosen pools: module by module, and how the evaluations go.
local common = import 'common.libsonnet';
local panels = import 'panels.libsonnet';
{
  local config = $._config,
  local ofPools = common.ofPools,
  local s = common.selector,
  local codesPage = panels.link('Reasons and codes', (config.runbookURLPattern % 'codes')) + { targetBlank: true },
  local lagSteps = [[0, 'green'], [config.exportLagWarningSeconds, 'orange'], [config.exportLagCriticalSeconds, 'red']],
  local since(direction) = 'pool_module:sfb_backup_module_%s_state_age_seconds:max{%s}' % [direction, s],
  local changed(direction, color) = panels.moments(
    'The %s state changed' % direction,
    'max by (job, pool, module) (sfb_backup_module_%s_state_change_timestamp_seconds{%s})' % [direction, s],
    '%s of {{module}} of {{pool}} changed' % direction,
    color
  ),

  grafanaDashboards+:: {
    'sfb-backup-pool.json': panels.dashboard(
      config,
      common.poolUid,
      'Skype for Business backup / Pool',
      'The modules of the chosen pools, their lag, and how their evaluations go.',
      common.poolVariables,
      [
        {
          title: 'Now',
          panels: [
            panels.stat(
              'Verdict',
              'Whether every module exports and imports as it should. `was working`: by the last good answer, while evaluations fail.',
              panels.now(ofPools('pool:sfb_backup_verdict:code{%s}' % s)) + { legendFormat: '{{pool}}' },
              words=common.verdict,
              width=8
            ),
            panels.stat(
              'Last evaluation',
              'Whether the last evaluation of the pool was good, by the best of its agents.',
              panels.now(ofPools('pool:sfb_backup_up:max{%s}' % s)) + { legendFormat: '{{pool}}' },
              words=common.evaluated,
              width=8
            ),
            panels.stat(
              'Age of the last good answer',
              'All states shown are as old as this.',
              panels.now(ofPools('time() - max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds{%s})' % s)) + { legendFormat: '{{pool}}' },
              unit='s',
              thresholds=[[0, 'green'], [config.staleSeconds, 'red']],
              width=8
            ),
            panels.table(
              'Modules',
              'Both ends of each module, as this pool tells them: what it exports to its partner, and what it imports from there.',
              'job, pool, module',
              [
                { name: 'Pool', label: 'pool' },
                { name: 'Module', label: 'module' },
                { name: 'Works', expr: ofPools('min by (job, pool, module) (sfb_backup_module_working{%s})' % s), words: common.yesNo },
                { name: 'Export', expr: ofPools('pool_module:sfb_backup_module_export_state:code{%s}' % s), words: common.exportStates },
                { name: 'Export since', expr: ofPools(since('export')), unit: 's' },
                { name: 'Import', expr: ofPools('pool_module:sfb_backup_module_import_state:code{%s}' % s), words: common.importStates },
                { name: 'Import since', expr: ofPools(since('import')), unit: 's' },
                {
                  name: 'Lag',
                  expr: ofPools('pool_module:sfb_backup_module_export_lag_seconds:max{%s}' % s),
                  unit: 's',
                  thresholds: lagSteps,
                },
                { name: 'Job', label: 'job' },
              ],
              [['Export', true], ['Import', true]],
              height=9
            ),
          ],
        },
        {
          title: 'States over time',
          panels: [
            panels.timeline(
              'Verdict',
              'A gap: nobody told anything.',
              panels.range(ofPools('pool:sfb_backup_verdict:code{%s}' % s), '{{pool}}'),
              common.verdict,
              height=5
            ),
            panels.timeline(
              'Export states',
              'NotInitialized is accepted for CentralMgmt.CMSMaster on a pool that is not the master, and for Response Groups that are not used.',
              panels.range(ofPools('pool_module:sfb_backup_module_export_state:code{%s}' % s), '{{pool}} {{module}}'),
              common.exportStates,
              height=9
            ),
            panels.timeline(
              'Import states',
              'What the pool takes in of what its partner sends.',
              panels.range(ofPools('pool_module:sfb_backup_module_import_state:code{%s}' % s), '{{pool}} {{module}}'),
              common.importStates,
              height=9
            ),
            panels.timeline(
              'Evaluations',
              'Whether the last evaluation was good.',
              panels.range(ofPools('pool:sfb_backup_up:max{%s}' % s), '{{pool}}'),
              common.evaluated,
              width=12,
              height=6
            ),
            panels.timeline(
              'Active machine',
              'The front end on which the Backup Service was active. Each move interrupts what is being copied.',
              panels.range(ofPools('max by (job, pool, machine) (sfb_backup_active_machine{%s})' % s), '{{pool}} {{machine}}'),
              [[0, 'not active', 'text'], [1, 'active', 'blue']],
              width=12,
              height=6
            ),
          ],
        },
        {
          title: 'Lag',
          panels: [
            panels.graph(
              'Export lag',
              'How long before the newest answer the export was last in FinalState or SteadyState. The lines are where the alerts begin.',
              [panels.range(ofPools('pool_module:sfb_backup_module_export_lag_seconds:max{%s}' % s), '{{pool}} {{module}}')],
              unit='s',
              thresholds=lagSteps
            ),
            panels.graph(
              'Age of the last good answer',
              'It rises while evaluations fail, and between two dropped files. The dotted line is the time between two answers that is to be expected.',
              [
                panels.range(
                  ofPools('time() - max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds{%s})' % s), '{{pool}}'
                ),
                panels.range(ofPools('pool:sfb_backup_answer_interval_seconds:max{%s}' % s), '{{pool}} expected'),
              ],
              unit='s'
            ),
          ],
        },
        {
          title: 'Evaluations',
          panels: [
            panels.table(
              'Why the last evaluation failed',
              'The reason and the code of each pool whose last evaluation failed; empty while all are good.',
              'job, instance, pool, reason, code',
              [
                { name: 'Pool', label: 'pool' },
                { name: 'Reason', label: 'reason', links: [codesPage] },
                { name: 'Code', label: 'code', links: [codesPage] },
                { name: 'Agent', label: 'instance', links: [common.toAgentsPool(config)] },
                { name: 'Failing', expr: ofPools('sfb_backup_current_failure{%s}' % s), thresholds: [[1, 'red']] },
              ],
              [['Pool', false]],
              width=12
            ),
            panels.graph(
              'Failures by reason',
              'Evaluations that failed, of all chosen pools.',
              [panels.range('sum by (reason) (%s) > 0' % ofPools('rate(sfb_backup_evaluation_failures_total{%s}[$__rate_interval])' % s), '{{reason}}')],
              unit='ops',
              stacked=true
            ),
            panels.graph(
              'Evaluations, overruns',
              'How often each pool was evaluated, and how often a run was still under way when the next one was due.',
              [
                panels.range(
                  'sum by (pool) (%s)' % ofPools('rate(sfb_backup_evaluations_total{%s}[$__rate_interval])' % s), '{{pool}}'
                ),
                panels.range(
                  'sum by (pool) (%s)' % ofPools('rate(sfb_backup_evaluation_overruns_total{%s}[$__rate_interval])' % s), '{{pool}} overruns'
                ),
              ],
              unit='ops'
            ),
            panels.graph(
              'Duration of the last evaluation',
              'Of each pool and agent.',
              [panels.range(ofPools('sfb_backup_last_evaluation_duration_seconds{%s}' % s), '{{pool}} ({{instance}})')],
              unit='s'
            ),
            panels.graph(
              'Backed off for',
              'How long the endpoint of the pool is left alone, and the reason of the failure before. Empty while no endpoint is.',
              [
                panels.range(
                  ofPools('clamp_min(sfb_backup_evaluation_backoff_until_timestamp_seconds{%s} - time(), 0)' % s), '{{pool}} ({{instance}})'
                ),
              ],
              unit='s'
            ),
            panels.graph(
              'Errors beside the answer, unknown words',
              'Errors that the cmdlet wrote beside its last answer, and state words that the agent does not know.',
              [
                panels.range(ofPools('max by (job, pool) (sfb_backup_nonfatal_errors{%s})' % s), '{{pool}} errors'),
                panels.range(
                  'sum by (pool) (%s)' % ofPools('increase(sfb_backup_unknown_states_total{%s}[$__rate_interval])' % s), '{{pool}} unknown words'
                ),
              ]
            ),
          ],
        },
        {
          title: 'Agents and further collectors',
          panels: [
            panels.table(
              'Agents',
              'The agents that evaluate these pools, with a link to the page of the pool there.',
              'job, instance, pool',
              [
                { name: 'Pool', label: 'pool' },
                { name: 'Agent', label: 'instance', links: [common.toAgentsPool(config)] },
                { name: 'Last evaluation', expr: ofPools('sfb_backup_up{%s}' % s), words: common.evaluated },
                {
                  name: 'Age of the answer',
                  expr: ofPools('time() - sfb_backup_last_evaluation_success_timestamp_seconds{%s}' % s),
                  unit: 's',
                },
                { name: 'Running', expr: ofPools('sfb_backup_evaluation_running{%s}' % s) },
                { name: 'Job', label: 'job' },
              ],
              [['Pool', false]],
              width=12
            ),
            panels.timeline(
              'Further collectors',
              'Whether the last evaluation of each further collector was good. Empty where none is switched on.',
              panels.range(ofPools('max by (job, pool, collector) (sfb_backup_collector_up{%s})' % s), '{{pool}} {{collector}}'),
              common.evaluated,
              width=12
            ),
            panels.timeline(
              'Replicas of the Central Management store',
              "Whether each server's copy is up to date, as told through the pool. Empty where that collector is not switched on.",
              panels.range(ofPools('max by (job, pool, replica) (sfb_backup_management_store_replica_up_to_date{%s})' % s), '{{replica}}'),
              [[0, 'behind', 'red'], [1, 'up to date', 'green']]
            ),
          ],
        },
      ],
      [changed('export', 'orange'), changed('import', 'yellow')]
    ),
  },
}
