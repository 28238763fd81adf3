// Alerts on the exporter itself, its endpoints and its state database.
local util = import 'util.libsonnet';
{
  local config = $._config,
  local alert(name, severity, expr, summary, description, wait='', keep='10m') =
    util.alert(config, name, severity, expr, summary, description, wait, keep),

  local certificate(severity, seconds) = alert(
    'SfbBackupCertificateEnding',
    severity,
    |||
      min by (job, endpoint) (sfb_backup_endpoint_certificate_expiry_timestamp_seconds) - time() < %d
    ||| % seconds,
    '{{ $labels.endpoint }}: the certificate of the server ends soon.',
    'It ends in {{ $value | humanizeDuration }} (negative: it has ended). Then no pool of this endpoint can be evaluated.'
  ),

  // Agents without shards do not have these series. Where the number of shards is configured, they must have them.
  local shardMissing(total) =
    local series = 'by (job) (sfb_backup_exporter_total_shards)';
    |||
      count by (job) (count_values by (job) ("ordinal", sfb_backup_exporter_shard_ordinal)) != max %(series)s
      or
      max %(series)s != min %(series)s
    ||| % { series: series }
    + if total == 0 then '' else |||
      or
      max %(series)s != %(total)d
      or
      absent(sfb_backup_exporter_total_shards{%(s)s})
    ||| % { series: series, total: total, s: config.exporterSelector },

  local webCertificate(severity, seconds) = alert(
    'SfbBackupWebCertificateEnding',
    severity,
    'min by (job) (sfb_backup_exporter_web_certificate_expiry_timestamp_seconds) - time() < %d\n' % seconds,
    "{{ $labels.job }}: the exporter's own certificate ends soon.",
    'It ends in {{ $value | humanizeDuration }} (negative: it has ended). Then Prometheus cannot scrape the exporter over https.'
    + util.agents('sfb_backup_exporter_web_certificate_expiry_timestamp_seconds{job=%%q} - time() < %d' % seconds)
  ),

  prometheusAlerts+:: {
    groups+: [{
      name: 'sfb-backup-exporter',
      rules: [
        alert(
          'SfbBackupExporterDown',
          'critical',
          'count by (job) (up{%(s)s} == 0) or absent(up{%(s)s})\n' % { s: config.exporterSelector },
          'The backup status exporter {{ $labels.job }} is down.',
          |||
            Prometheus cannot scrape {{ $value }} of its agents{{ with printf "up{job=%q} == 0" $labels.job | query }}:{{ range . }} {{ .Labels.instance }}{{ end }}{{ end }}. No backup alert of the pools that only they evaluate can fire.
          |||,
          '5m',
          ''
        ),
        alert(
          'SfbBackupShardMissing',
          'critical',
          shardMissing(config.totalShards),
          '{{ $labels.job }}: the shards are not all there, or do not fit each other.',
          |||
            The pools of a missing shard are evaluated by no agent; no other alert can see them.{{ with printf "sort(sfb_backup_exporter_shard_ordinal{job=%q})" $labels.job | query }} There are:{{ range . }} {{ .Value }} ({{ .Labels.instance }}){{ end }}.{{ end }}{{ with printf "count_values by (job) (\"total\", sfb_backup_exporter_total_shards{job=%q})" $labels.job | query }} Shards in all:{{ range . }} {{ .Labels.total }}{{ end }}.{{ end }}
          |||,
          config.shardMissing
        ),
        alert(
          'SfbBackupReloadRefused',
          'warning',
          'min by (job) (sfb_backup_exporter_config_last_reload_successful) == 0\n',
          '{{ $labels.job }}: the exporter refused its new configuration.',
          'The configuration before it stays in use. The journal of the agent has one line with the file, the line and the key.'
          + util.agents('sfb_backup_exporter_config_last_reload_successful{job=%q} == 0'),
          '5m'
        ),
        alert(
          'SfbBackupGroupsUnknown',
          'warning',
          |||
            max by (job) (sfb_backup_exporter_groups_unresolved) > 0
            or
            time() - min by (job) (sfb_backup_exporter_group_lookup_last_success_timestamp_seconds) > 3 * 3600
          |||,
          '{{ $labels.job }}: the directory does not tell the SIDs of groups that may run the cmdlet.',
          'Members of groups whose SID is not known are refused when they come with a Kerberos ticket. The journal of the agent names the groups, or says why the directory does not answer.'
          + util.agents('sfb_backup_exporter_groups_unresolved{job=%q} > 0 or time() - sfb_backup_exporter_group_lookup_last_success_timestamp_seconds{job=%q} > 3 * 3600', ['job', 'job']),
          '1h'
        ),
        alert(
          'SfbBackupWebConfigRefused',
          'warning',
          'min by (job) (sfb_backup_exporter_web_config_last_reload_successful) == 0\n',
          '{{ $labels.job }}: the exporter refused its web configuration file.',
          'What was in it before stays in use: certificate, users and limits. The journal of the agent has one line for each mistake.'
          + util.agents('sfb_backup_exporter_web_config_last_reload_successful{job=%q} == 0'),
          '5m'
        ),
        webCertificate('warning', config.certificateWarningSeconds),
        webCertificate('critical', config.certificateCriticalSeconds),
        certificate('warning', config.certificateWarningSeconds),
        certificate('critical', config.certificateCriticalSeconds),
        // Tickets that the agent gets itself are renewed before; one that a program puts into a cache may end.
        alert(
          'SfbBackupTicketEnding',
          'warning',
          'max by (job, endpoint) (sfb_backup_endpoint_ticket_expiry_timestamp_seconds) - time() < %d\n' % config.ticketSeconds,
          '{{ $labels.endpoint }}: the Kerberos ticket of the account ends.',
          'It ends in {{ $value | humanizeDuration }} (negative: it has ended) and was not renewed. Then no pool of this endpoint can be evaluated.'
          + util.agents('sfb_backup_endpoint_ticket_expiry_timestamp_seconds{job=%%q,endpoint=%%q} - time() < %d' % config.ticketSeconds, ['job', 'endpoint']),
          '5m'
        ),
        alert(
          'SfbBackupNtlmUsed',
          'info',
          |||
            max by (job, endpoint) (
              increase(sfb_backup_endpoint_ntlm_logons_total[1h]) > 0
              or
              (sfb_backup_endpoint_ntlm_logons_total > 0 unless sfb_backup_endpoint_ntlm_logons_total offset 1h)
            )
          |||,
          '{{ $labels.endpoint }}: NTLM is used where Kerberos was wanted.',
          'Connections of the last hour were proved by NTLM (method negotiate). Kerberos did not work; the log of the agent says why.'
          + util.agents('increase(sfb_backup_endpoint_ntlm_logons_total{job=%q,endpoint=%q}[1h]) > 0 or (sfb_backup_endpoint_ntlm_logons_total{job=%q,endpoint=%q} > 0 unless sfb_backup_endpoint_ntlm_logons_total offset 1h)', ['job', 'endpoint', 'job', 'endpoint'])
        ),
        alert(
          'SfbBackupStateDatabaseNotWritable',
          'warning',
          'min by (job) (sfb_backup_exporter_state_database_writable) == 0\n',
          '{{ $labels.job }}: the state database cannot be written.',
          'The agent works on, but what it learns now is lost at its next restart: since-times and the last good answers.'
          + util.agents('sfb_backup_exporter_state_database_writable{job=%q} == 0'),
          '15m'
        ),
      ],
    }],
  },
}
