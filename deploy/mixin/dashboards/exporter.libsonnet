// The health of the agents themselves.
local common = import 'common.libsonnet';
local panels = import 'panels.libsonnet';
{
  local config = $._config,
  local s = 'job=~"$job",instance=~"$instance"',
  local rate(metric) = 'rate(%s{%s}[$__rate_interval])' % [metric, s],
  local quantile(q, metric, by) = 'histogram_quantile(%s, sum by (%s) (%s))' % [q, std.join(', ', by + ['le']), rate(metric)],
  local left(metric) = '%s{job=~"$job"} - time()' % metric,
  local certificateSteps = [[-1e10, 'red'], [config.certificateCriticalSeconds, 'orange'], [config.certificateWarningSeconds, 'green']],
  local reload = [[0, 'refused', 'red'], [1, 'taken', 'green']],

  grafanaDashboards+:: {
    'sfb-backup-exporter.json': panels.dashboard(
      config,
      common.exporterUid,
      'Skype for Business backup / Agents',
      'The health of the agents: whether they run, what they were told at the last reload, their certificates, logins, state and resources.',
      [
        panels.variable('job', 'job', 'sfb_backup_exporter_build_info'),
        panels.variable('instance', 'instance', 'sfb_backup_exporter_build_info{job=~"$job"}'),
      ],
      [
        {
          title: 'Now',
          panels: [
            panels.stat(
              'Agents down',
              'Agents that Prometheus cannot scrape.',
              panels.now('sum(up{%s} == bool 0)' % s),
              thresholds=common.noneIsGood
            ),
            panels.stat(
              'Pools',
              'Pools of the configurations of all chosen agents. Replicas count each of theirs.',
              panels.now('sum(sfb_backup_exporter_configured_pools{%s})' % s),
              thresholds=[[0, 'red'], [1, 'blue']]
            ),
            panels.stat(
              'Pools never evaluated',
              'Configured pools of which there was no evaluation since the agent started.',
              panels.now(
                'sum(sfb_backup_exporter_configured_pools{%(s)s} - on (job, instance) (count by (job, instance) (sfb_backup_up{%(s)s}) '
                % { s: s } + 'or on (job, instance) 0 * sfb_backup_exporter_configured_pools{%s}))' % s
              ),
              thresholds=common.noneIsGood
            ),
            panels.stat(
              'Configuration',
              'Whether the last reload was taken. After a refused one the configuration before it stays in use.',
              panels.now('min(sfb_backup_exporter_config_last_reload_successful{%s})' % s),
              words=reload
            ),
            panels.stat(
              'Web configuration',
              'The same of the web configuration file; unknown where there is none.',
              panels.now('min(sfb_backup_exporter_web_config_last_reload_successful{%s})' % s),
              words=reload
            ),
            panels.stat(
              'State database',
              'Whether the last write of the state worked; unknown where none is kept.',
              panels.now('min(sfb_backup_exporter_state_database_writable{%s})' % s),
              words=[[0, 'not writable', 'red'], [1, 'writable', 'green']]
            ),
            panels.table(
              'Agents',
              'The version of each agent, with a link to its page.',
              'job, instance',
              [
                { name: 'Agent', label: 'instance', links: [common.toAgent(config)] },
                { name: 'Version', label: 'version' },
                { name: 'Revision', label: 'revision' },
                { name: 'Up', expr: 'up{%s}' % s, words: common.yesNo },
                { name: 'Running for', expr: 'time() - process_start_time_seconds{%s}' % s, unit: 's' },
                { name: 'Pools', expr: 'sfb_backup_exporter_configured_pools{%s}' % s },
                {
                  name: 'Last reload',
                  expr: 'time() - sfb_backup_exporter_config_last_reload_success_timestamp_seconds{%s}' % s,
                  unit: 's',
                },
                { name: 'Known', by: 'job, instance, version, revision', expr: 'sfb_backup_exporter_build_info{%s}' % s },
                { name: 'Job', label: 'job' },
              ],
              [['Up', false], ['Agent', false]],
              height=6
            ),
          ],
        },
        {
          title: 'Certificates and logons',
          panels: [
            panels.stat(
              "Agents' own certificates end in",
              'The first end among the certificates that an agent shows; unknown where it shows none.',
              panels.now('min(sfb_backup_exporter_web_certificate_expiry_timestamp_seconds{%s} - time())' % s),
              unit='s',
              thresholds=certificateSteps,
              width=6,
              height=6
            ),
            panels.graph(
              "Servers' certificates end in",
              'As the servers showed them last. The lines are where the alerts begin.',
              [panels.range('min by (job, endpoint) (%s)' % left('sfb_backup_endpoint_certificate_expiry_timestamp_seconds'), '{{endpoint}}')],
              unit='s',
              thresholds=certificateSteps,
              width=9,
              height=6
            ),
            panels.graph(
              'Kerberos tickets end in',
              'Tickets of the accounts; an agent renews those that it got itself. Empty where Kerberos is not used.',
              [panels.range('max by (job, endpoint) (%s)' % left('sfb_backup_endpoint_ticket_expiry_timestamp_seconds'), '{{endpoint}}')],
              unit='s',
              width=9,
              height=6
            ),
            panels.graph(
              'Logins of callers',
              'Logins at the pages of the agents, by result.',
              [panels.range('sum by (result) (%s)' % rate('sfb_backup_exporter_logins_total'), '{{result}}')],
              unit='ops'
            ),
            panels.graph(
              'NTLM where Kerberos was wanted',
              'Connections to servers that were proved by NTLM. Empty without endpoints of method negotiate.',
              [panels.range('sum by (endpoint) (%s)' % rate('sfb_backup_endpoint_ntlm_logons_total'), '{{endpoint}}')],
              unit='ops'
            ),
          ],
        },
        {
          title: 'Evaluations',
          panels: [
            panels.graph(
              'Duration of evaluations',
              'Half of the evaluations, and 99 of 100, took no longer.',
              [
                panels.range(quantile(q, 'sfb_backup_evaluation_duration_seconds_bucket', ['instance']), '{{instance}} ' + q)
                for q in ['0.5', '0.99']
              ],
              unit='s'
            ),
            panels.graph(
              'Duration of stages',
              'The mean of each stage of an evaluation, by transport.',
              [panels.range(
                'sum by (transport, stage) (%s) / sum by (transport, stage) (%s)'
                % [rate('sfb_backup_evaluation_stage_duration_seconds_sum'), rate('sfb_backup_evaluation_stage_duration_seconds_count')],
                '{{transport}} {{stage}}'
              )],
              unit='s'
            ),
            panels.table(
              'Front ends in use',
              'Which of the addresses of each endpoint answered last. An endpoint that cannot be reached has no row.',
              'job, instance, endpoint, url',
              [
                { name: 'Endpoint', label: 'endpoint' },
                { name: 'Address', label: 'url' },
                { name: 'Agent', label: 'instance', links: [common.toAgent(config)] },
                { name: 'In use', expr: 'sfb_backup_endpoint_front_end{%s} == 1' % s },
              ],
              [['Endpoint', false]],
              height=6
            ),
          ],
        },
        {
          title: 'Pages and the event loop',
          panels: [
            panels.graph(
              'Requests',
              'By page and status.',
              [panels.range('sum by (path, code) (%s) > 0' % rate('sfb_backup_exporter_http_requests_total'), '{{path}} {{code}}')],
              unit='reqps'
            ),
            panels.graph(
              'Connections that ended early',
              'By reason; `refused`: there were too many at once.',
              [panels.range('sum by (reason) (%s)' % rate('sfb_backup_exporter_http_connections_ended_total'), '{{reason}}')],
              unit='ops'
            ),
            panels.graph(
              'Lag of the event loop',
              'How much later than asked a timer ran, in 99 of 100 cases. All pages and schedules wait for it.',
              [panels.range(quantile('0.99', 'sfb_backup_exporter_loop_lag_seconds_bucket', ['instance']), '{{instance}}')],
              unit='s'
            ),
            panels.graph(
              'Log lines',
              'By level.',
              [panels.range('sum by (level) (%s)' % rate('sfb_backup_exporter_log_messages_total'), '{{level}}')],
              unit='ops',
              stacked=true
            ),
          ],
        },
        {
          title: 'State',
          panels: [
            panels.graph(
              'Size of the state',
              'The file with since-times, last good answers and history.',
              [panels.range('sfb_backup_exporter_state_database_size_bytes{%s}' % s, '{{instance}}')],
              unit='bytes',
              width=8
            ),
            panels.graph(
              'Last good write',
              'How long ago. It rises where nothing changes, too.',
              [panels.range('time() - sfb_backup_exporter_state_database_last_write_success_timestamp_seconds{%s}' % s, '{{instance}}')],
              unit='s',
              width=8
            ),
            panels.graph(
              'Trouble with the state',
              'Errors, broken files that were set aside, and lines of the history that found no room.',
              [
                panels.range('sum by (instance) (%s)' % rate('sfb_backup_exporter_state_database_errors_total'), '{{instance}} errors'),
                panels.range('sum by (instance) (%s)' % rate('sfb_backup_exporter_state_database_set_aside_total'), '{{instance}} set aside'),
                panels.range('sum by (instance) (%s)' % rate('sfb_backup_exporter_state_database_lost_total'), '{{instance}} lost'),
              ],
              unit='ops',
              width=8
            ),
          ],
        },
        {
          title: 'Process',
          panels: [
            panels.graph('CPU', 'Cores in use.', [panels.range(rate('process_cpu_seconds_total'), '{{instance}}')], width=6),
            panels.graph('Memory', 'Resident memory.', [panels.range('process_resident_memory_bytes{%s}' % s, '{{instance}}')], unit='bytes', width=6),
            panels.graph(
              'File descriptors',
              'Open ones as a part of those that are allowed.',
              [panels.range('process_open_fds{%s} / process_max_fds{%s}' % [s, s], '{{instance}}')],
              unit='percentunit',
              width=6
            ),
            panels.graph('Threads', 'Threads of the process.', [panels.range('process_threads{%s}' % s, '{{instance}}')], width=6),
          ],
        },
      ],
      [
        panels.moments('Agent started', 'max by (job, instance) (process_start_time_seconds{%s})' % s, '{{instance}} started', 'blue'),
        panels.moments(
          'Configuration taken',
          'max by (job, instance) (sfb_backup_exporter_config_last_reload_success_timestamp_seconds{%s})' % s,
          '{{instance}} took its configuration',
          'green'
        ),
      ]
    ),
  },
}
