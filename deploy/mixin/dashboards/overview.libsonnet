// All pairs and pools, worst first.
local common = import 'common.libsonnet';
local panels = import 'panels.libsonnet';
{
  local config = $._config,
  local ofPools = common.ofPools,
  local ofPairs = common.ofPairs,
  local state = ofPairs('pair_direction:sfb_backup_state:code{job=~"$job"}'),
  local alerts = 'ALERTS{job=~"$job",alertname=~"SfbBackup.*",alertstate="firing"}',
  local lagSteps = [[0, 'green'], [config.exportLagWarningSeconds, 'orange'], [config.exportLagCriticalSeconds, 'red']],

  grafanaDashboards+:: {
    'sfb-backup-overview.json': panels.dashboard(
      config,
      common.overviewUid,
      'Skype for Business backup / Overview',
      'All pairs of pools in both directions, all pools, and the alerts that fire. Worst first.',
      common.poolVariables,
      [
        {
          title: 'Now',
          panels: [
            panels.stat(
              'Alerts',
              'Alerts of this job that fire, of all pools.',
              panels.now('count(%s) or 0 * count(pool:sfb_backup_pool_info:last_1h{job=~"$job"})' % alerts),
              thresholds=common.noneIsGood
            ),
            panels.stat(
              'Directions not good',
              'Directions with a module that is behind, in error, or NotInitialized where that is not accepted.',
              panels.now('sum(%s >= bool 4)' % state),
              thresholds=common.noneIsGood
            ),
            panels.stat(
              'Directions unknown',
              'Directions of which an end is not configured here, was never evaluated well, or has an answer that is too old.',
              panels.now('sum(%s == bool 3)' % state),
              thresholds=[[0, 'green'], [1, panels.unknownColor]]
            ),
            panels.stat(
              'Pools failing',
              'Pools whose last evaluation failed. The states shown of them are the last ones known.',
              panels.now('sum(%s)' % ofPools('(pool:sfb_backup_up:max{%s} == bool 0)' % common.selector)),
              thresholds=common.noneIsGood
            ),
            panels.stat(
              'Highest lag',
              'How long before the newest answer an export was last in FinalState or SteadyState: what a failover could lose.',
              panels.now('max(%s)' % ofPools('pool_module:sfb_backup_module_export_lag_seconds:max{%s}' % common.selector)),
              unit='s',
              thresholds=lagSteps
            ),
            panels.stat(
              'Agents down',
              'Agents of this job that Prometheus cannot scrape. What only they evaluate is unknown.',
              panels.now('sum(up{job=~"$job"} == bool 0)'),
              thresholds=common.noneIsGood
            ),
          ],
        },
        {
          title: 'Pairs',
          panels: [
            panels.table(
              'Pairs, both directions',
              'What the source exports, the target imports. The state is the worst of both ends and of all modules; `since` is how long the oldest bad or '
              + 'unknown state has been there. While an end is failing, its states are the last ones known.',
              'job, source_pool, target_pool',
              [
                { name: 'Source', label: 'source_pool', links: [common.toPool('Source in detail', '${__data.fields.Source}')] },
                { name: 'Target', label: 'target_pool', links: [common.toPool('Target in detail', '${__data.fields.Target}')] },
                { name: 'State', expr: state, words: common.directionStates },
                { name: 'Since', expr: ofPairs('pair_direction:sfb_backup_bad_age_seconds:max{job=~"$job"}'), unit: 's' },
                {
                  name: 'Lag',
                  expr: ofPairs('pair_direction:sfb_backup_module_export_lag_seconds:max{job=~"$job"}'),
                  unit: 's',
                  thresholds: lagSteps,
                },
                {
                  name: 'Worst export',
                  expr: ofPairs('pair_direction:sfb_backup_module_export_state:code{job=~"$job"}'),
                  words: common.exportStates,
                },
                {
                  name: 'Worst import',
                  expr: ofPairs('pair_direction:sfb_backup_module_import_state:code{job=~"$job"}'),
                  words: common.importStates,
                },
                { name: 'Evaluations', expr: ofPairs('pair_direction:sfb_backup_up:min{job=~"$job"}'), words: common.evaluated },
                { name: 'Job', label: 'job' },
              ],
              [['State', true], ['Since', true]],
              height=10
            ),
            panels.timeline(
              'Directions over time, the worst 40',
              'The state of each direction. A gap: nobody told anything.',
              panels.range(
                '%s and on (job, source_pool, target_pool) topk(40, avg_over_time(pair_direction:sfb_backup_state:code{job=~"$job"}[$__range] @ end()))'
                % state,
                '{{source_pool}} → {{target_pool}}'
              ),
              common.directionStates,
              height=10
            ),
          ],
        },
        {
          title: 'Pools',
          panels: [
            panels.table(
              'Pools',
              'The verdict of each pool. `was working`: that was the last good answer, and evaluations fail now. `unknown`: no answer, an answer that '
              + 'says nothing, or one that is too old.',
              'job, pool',
              [
                { name: 'Pool', label: 'pool', links: [common.toPool()] },
                { name: 'Partner', label: 'paired_pool', links: [common.toPool('Partner in detail', '${__data.fields.Partner}')] },
                { name: 'Site', label: 'site' },
                { name: 'Deployment', label: 'deployment' },
                {
                  name: 'Verdict',
                  by: 'job, pool, paired_pool, site, deployment',
                  expr: |||
                    pool:sfb_backup_verdict:code{%s}
                    + on (job, pool) group_right ()
                    0 * %s
                  ||| % [common.selector, common.chosen],
                  words: common.verdict,
                },
                {
                  name: 'Evaluation',
                  expr: ofPools('pool:sfb_backup_up:max{%s}' % common.selector),
                  words: common.evaluated,
                },
                {
                  name: 'Age of the answer',
                  expr: ofPools('time() - max by (job, pool) (sfb_backup_last_evaluation_success_timestamp_seconds{%s})' % common.selector),
                  unit: 's',
                },
                {
                  name: 'Modules not working',
                  expr: ofPools('sum by (job, pool) (min by (job, pool, module) (sfb_backup_module_working{%s}) == bool 0)' % common.selector),
                  thresholds: common.noneIsGood,
                },
                { name: 'Job', label: 'job' },
              ],
              [['Verdict', true]],
              height=10
            ),
            panels.timeline(
              'Verdicts over time, the worst 40 pools',
              'The verdict of each pool. A gap: nobody told anything.',
              panels.range(
                '%s and on (job, pool) topk(40, avg_over_time(pool:sfb_backup_verdict:code{%s}[$__range] @ end()))'
                % [ofPools('pool:sfb_backup_verdict:code{%s}' % common.selector), common.selector],
                '{{pool}}'
              ),
              common.verdict,
              height=10,
              links=[common.toPool(pool='${__field.labels.pool}')]
            ),
          ],
        },
        {
          title: 'Alerts',
          panels: [
            panels.table(
              'Alerts that fire',
              'With a link to the page of the runbooks. Empty while none fires; the number above says so for sure.',
              'alertname, severity, job, pool, module, endpoint',
              [
                {
                  name: 'Alert',
                  label: 'alertname',
                  links: [panels.link('Runbook', config.runbookURLPattern % '${__data.fields.Alert}') + { targetBlank: true }],
                },
                { name: 'Severity', label: 'severity' },
                { name: 'Pool', label: 'pool', links: [common.toPool()] },
                { name: 'Module', label: 'module' },
                { name: 'Endpoint', label: 'endpoint' },
                { name: 'Job', label: 'job' },
                { name: 'Firing', expr: alerts },
              ],
              [['Severity', false], ['Alert', false]]
            ),
          ],
        },
      ],
      [panels.moments(
        'Agent started',
        'max by (job, instance) (process_start_time_seconds{job=~"$job"})',
        'Agent {{instance}} started',
        'blue'
      )]
    ),
  },
}
