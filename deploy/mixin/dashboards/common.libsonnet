// What the dashboards have in common: the words for the codes of codes.libsonnet, the variables, the selectors, the links.
local panels = import 'panels.libsonnet';
{
  overviewUid: 'sfb-backup-overview',
  poolUid: 'sfb-backup-pool',
  exporterUid: 'sfb-backup-exporter',

  verdict: [
    [0, 'working', 'green'],
    [1, 'was working', 'yellow'],
    [2, 'unknown', panels.unknownColor],
    [3, 'not configured', 'orange'],
    [4, 'not working', 'red'],
  ],
  exportStates: [
    [0, 'FinalState', 'green'],
    [1, 'SteadyState', 'light-green'],
    [2, 'NotInitialized, accepted', 'blue'],
    [3, 'unknown', panels.unknownColor],
    [4, 'NotInitialized', 'yellow'],
    [5, 'NonSteadyState', 'orange'],
    [6, 'ErrorState', 'red'],
  ],
  importStates: [
    [0, 'NormalState', 'green'],
    [2, 'NotInitialized, accepted', 'blue'],
    [3, 'unknown', panels.unknownColor],
    [4, 'NotInitialized', 'yellow'],
    [6, 'ErrorState', 'red'],
  ],
  // Of a direction as a whole: both ends, all modules.
  directionStates: [
    [0, 'good', 'green'],
    [1, 'good', 'green'],
    [2, 'good', 'green'],
    [3, 'unknown', panels.unknownColor],
    [4, 'NotInitialized', 'yellow'],
    [5, 'behind', 'orange'],
    [6, 'error', 'red'],
  ],
  evaluated: [[0, 'failing', 'red'], [1, 'good', 'green']],
  yesNo: [[0, 'no', 'red'], [1, 'yes', 'green']],
  // A count of bad things.
  noneIsGood: [[0, 'green'], [1, 'red']],

  // Pools without a site or a deployment have no such label, so All is `.*` there.
  poolVariables: [
    panels.variable('job', 'job', 'sfb_backup_exporter_build_info'),
    panels.variable('site', 'site', 'sfb_backup_pool_info{job=~"$job"}', '.*'),
    panels.variable('deployment', 'deployment', 'sfb_backup_pool_info{job=~"$job",site=~"$site"}', '.*'),
    panels.variable('pool', 'pool', 'sfb_backup_pool_info{job=~"$job",site=~"$site",deployment=~"$deployment"}'),
  ],

  selector: 'job=~"$job",pool=~"$pool"',
  // The chosen pools, one row each.
  chosen: 'pool:sfb_backup_pool_info:last_1h{job=~"$job",pool=~"$pool",site=~"$site",deployment=~"$deployment"}',
  // What is left of a vector with the label pool.
  ofPools(expr): '(%s and on (job, pool) %s)' % [expr, self.chosen],
  // Directions of which a chosen pool is an end.
  ofPairs(expr): '(%s and on (job, pair) %s)' % [expr, self.chosen],

  toPool(title='Pool detail', pool='${__data.fields.Pool}'): panels.link(
    title,
    '/d/%s?${datasource:queryparam}&${job:queryparam}&var-pool=%s&${__url_time_range}' % [self.poolUid, pool]
  ),

  // The agent's own pages, where the row has a column Agent (and Pool).
  toAgent(config): panels.link("The agent's page", config.agentURLPattern % '${__data.fields.Agent}') + { targetBlank: true },
  toAgentsPool(config): panels.link(
    'The pool at this agent',
    config.agentURLPattern % '${__data.fields.Agent}' + 'pools/${__data.fields.Pool}'
  ) + { targetBlank: true },
}
