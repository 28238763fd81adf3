// All dashboards: `grafanaDashboards`, by the names of their files.
(import 'overview.libsonnet') + (import 'pool.libsonnet') + (import 'exporter.libsonnet')
