// What an operator may want to change. Durations of thresholds are seconds; `for` and windows are as Prometheus writes them.
{
  _config+:: {
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

    replicaBehind: '90m',
    collectorFailing: '3h',

    certificateWarningSeconds: 14 * 24 * 60 * 60,
    certificateCriticalSeconds: 3 * 24 * 60 * 60,
    ticketSeconds: 5 * 60,
  },
}
