// What deploy/prometheus/alerts.yml is made of.
local mixin = import 'mixin.libsonnet';
local header = |||
  ---
  # Recording and alert rules for sfb_backup_exporter, generated from deploy/mixin: change them there (deploy/mixin/generate).
  # deploy/runbooks has a page for each alert. To point runbook_url at a copy of yours without jsonnet:
  #   sed -i 's|https://wiki.example.org/sfb_backup_exporter|https://YOUR.SERVER/PATH|' alerts.yml
  # yamllint disable rule:line-length
|||;
header
+ std.manifestYamlDoc({ groups: mixin.prometheusRules.groups + mixin.prometheusAlerts.groups }, indent_array_in_object=true, quote_keys=false)
