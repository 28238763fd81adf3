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

  local webCertificate(severity, seconds) = alert(
    'SfbBackupWebCertificateEnding',
    severity,
    'min by (job) (sfb_backup_exporter_web_certificate_expiry_timestamp_seconds) - time() < %d\n' % seconds,
    "{{ $labels.job }}: the exporter's own certificate ends soon.",
    'It ends in {{ $value | humanizeDuration }} (negative: it has ended). Then Prometheus cannot scrape the exporter over https.'
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
          'SfbBackupReloadRefused',
          'warning',
          'min by (job) (sfb_backup_exporter_config_last_reload_successful) == 0\n',
          '{{ $labels.job }}: the exporter refused its new configuration.',
          'The configuration before it stays in use. The journal of the agent has one line with the file, the line and the key.',
          '5m'
        ),
        alert(
          'SfbBackupWebConfigRefused',
          'warning',
          'min by (job) (sfb_backup_exporter_web_config_last_reload_successful) == 0\n',
          '{{ $labels.job }}: the exporter refused its web configuration file.',
          'What was in it before stays in use: certificate, users and limits. The journal of the agent has one line for each mistake.',
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
          'It ends in {{ $value | humanizeDuration }} (negative: it has ended) and was not renewed. Then no pool of this endpoint can be evaluated.',
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
        ),
        alert(
          'SfbBackupStateDatabaseNotWritable',
          'warning',
          'min by (job) (sfb_backup_exporter_state_database_writable) == 0\n',
          '{{ $labels.job }}: the state database cannot be written.',
          'The agent works on, but what it learns now is lost at its next restart: since-times and the last good answers.',
          '15m'
        ),
      ],
    }],
  },
}
