// What deploy/kubernetes/base/prometheusrule.yaml is made of: the same rules for the Prometheus Operator.
local mixin = import 'mixin.libsonnet';
|||
  ---
  # The rules of deploy/prometheus/alerts.yml, generated from deploy/mixin: change them there (deploy/mixin/generate).
  # yamllint disable rule:line-length
|||
+ std.manifestYamlDoc({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'sfb-backup-exporter', labels: { 'app.kubernetes.io/name': 'sfb-backup-exporter' } },
  spec: { groups: mixin.prometheusRules.groups + mixin.prometheusAlerts.groups },
}, indent_array_in_object=true, quote_keys=false)
