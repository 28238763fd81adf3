// The whole mixin: `import 'mixin.libsonnet'` and change `_config` beside it.
(import 'config.libsonnet') + (import 'recordings.libsonnet') + (import 'codes.libsonnet') + (import 'states.libsonnet')
+ (import 'evaluations.libsonnet') + (import 'exporter.libsonnet') + (import 'dashboards/dashboards.libsonnet')
