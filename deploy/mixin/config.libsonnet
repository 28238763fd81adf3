// What an operator may want to change. Durations of thresholds are seconds; `for` and windows are as Prometheus writes them.
local util = import 'util.libsonnet';
local defaults = {
  // Picks the scrape job: without a target of it nothing else can fire.
  exporterSelector: 'job="sfb-backup"',

  // %s is the alert's name, which is the page's name in deploy/runbooks.
  runbookURLPattern: 'https://wiki.example.org/sfb_backup_exporter/runbooks/%s.md',

  // A regular expression of the pools' FQDNs that are Lync Server 2013. Its recovery point is half an hour.
  lync2013Pools: '',

  exportLagWarningSeconds: 15 * 60,
  exportLagCriticalSeconds: 60 * 60,
  lync2013ExportLagWarningSeconds: 30 * 60,
  lync2013ExportLagCriticalSeconds: 2 * 60 * 60,

  errorSeconds: 15 * 60,
  unknownSeconds: 15 * 60,
  verdictUnknown: '15m',
  backlogWarningSeconds: 60 * 60,
  backlogCriticalSeconds: 4 * 60 * 60,
  neverHealthy: '4h',
  // A module that answers listed within the memory, and for so long not any more.
  moduleMissing: '30m',
  moduleMemory: '1d',
  nonFatalErrors: '1h',
  notWorking: '4h',

  // Changes between good and bad within the window, both ways counted.
  flappingWindow: '2h',
  flappingChanges: 6,
  machineMoves: 3,
  machineWindow: '1h',

  evaluationFailing: '15m',
  // An answer is out of date after this many intervals, and `staleSeconds` more.
  staleIntervals: 5,
  staleSeconds: 15 * 60,

  // How many shards the pools are divided into. 0: as many as the agents say; where none says it, there are no shards.
  totalShards: 0,
  shardMissing: '15m',

  replicaBehind: '90m',
  collectorFailing: '3h',

  certificateWarningSeconds: 14 * 24 * 60 * 60,
  certificateCriticalSeconds: 3 * 24 * 60 * 60,
  ticketSeconds: 5 * 60,

  // Dashboards: how often they ask, and the tag by which they find each other.
  dashboardRefresh: '1m',
  dashboardTag: 'sfb-backup',
  // The agents' pages, as a browser reaches them; %s is the label instance.
  agentURLPattern: 'http://%s/',
};
{
  _config+:: defaults {
    // A key that nobody reads would leave its threshold as it was, without a word.
    local unknown = util.strangers(std.objectFieldsAll(self), std.objectFieldsAll(defaults)),
    assert unknown == [] : '_config: ' + std.join('; ', unknown),
  },
}
