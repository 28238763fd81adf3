// Panels, variables and the grid: as much of Grafana's dashboard model as these dashboards need.
// Unknown is never green: the colour below all thresholds is that of `unknown`, and a value that is absent is written `unknown`.
local unknown = 'purple';
{
  unknownColor: unknown,

  datasource: { type: 'prometheus', uid: '${datasource}' },

  // A range query for a graph; `legend` as Grafana writes it.
  range(expr, legend): { expr: expr, legendFormat: legend, range: true, instant: false, format: 'time_series' },
  // The values at the end of the time range: for one number, or for a column of a table.
  now(expr): { expr: expr, legendFormat: '__auto', range: false, instant: true, format: 'time_series' },
  column(expr): self.now(expr) + { format: 'table' },

  // [[from which value on, colour]...]; below the first: unknown.
  steps(list): { mode: 'absolute', steps: [{ color: unknown, value: null }] + [{ color: each[1], value: each[0] } for each in list] },

  // Words for numbers: [[number, word, colour]...]; an absent one is unknown.
  words(list): (
    if list == [] then [] else [{
      type: 'value',
      options: { ['%d' % list[i][0]]: { text: list[i][1], color: list[i][2], index: i } for i in std.range(0, std.length(list) - 1) },
    }]
  ) + [{ type: 'special', options: { match: 'null+nan', result: { text: 'unknown', color: unknown, index: std.length(list) } } }],

  link(title, url): { title: title, url: url, targetBlank: false },

  local base(type, title, description, unit, targets, width, height) = {
    type: type,
    title: title,
    description: description,
    datasource: $.datasource,
    gridPos: { w: width, h: height },
    targets: [
      { datasource: $.datasource, refId: std.char(65 + i) } + targets[i]
      for i in std.range(0, std.length(targets) - 1)
    ],
    fieldConfig: {
      defaults: {
        unit: unit,
        noValue: 'unknown',
        mappings: $.words([]),
        thresholds: $.steps([]),
        color: { mode: 'thresholds' },
        links: [],
      },
      overrides: [],
    },
  },

  // One number for each series, coloured by thresholds or words.
  stat(title, description, target, unit='none', thresholds=[], words=[], width=4, height=4):
    base('stat', title, description, unit, [target], width, height) + {
      fieldConfig+: { defaults+: { thresholds: $.steps(thresholds), mappings: $.words(words) } },
      options: {
        colorMode: 'background',
        graphMode: 'none',
        justifyMode: 'auto',
        orientation: 'auto',
        textMode: 'auto',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      },
    },

  // Lines over time. `thresholds` are drawn as lines.
  graph(title, description, targets, unit='short', thresholds=[], width=12, height=8, stacked=false):
    base('timeseries', title, description, unit, targets, width, height) + {
      fieldConfig+: {
        defaults+: {
          color: { mode: 'palette-classic' },
          thresholds: $.steps(thresholds),
          min: 0,
          custom: {
            drawStyle: 'line',
            lineWidth: 1,
            fillOpacity: if stacked then 30 else 0,
            showPoints: 'auto',
            spanNulls: false,
            stacking: { mode: if stacked then 'normal' else 'none', group: 'A' },
            thresholdsStyle: { mode: if thresholds == [] then 'off' else 'dashed' },
          },
        },
      },
      options: {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },

  // One band for each series; a gap where there was no value.
  timeline(title, description, target, words, width=24, height=8, links=[]):
    base('state-timeline', title, description, 'none', [target], width, height) + {
      fieldConfig+: {
        defaults+: { mappings: $.words(words), links: links, custom: { fillOpacity: 80, lineWidth: 0, spanNulls: false } },
      },
      options: {
        alignValue: 'left',
        mergeValues: true,
        rowHeight: 0.9,
        showValue: 'auto',
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'single', sort: 'none' },
      },
    },

  // by: the labels that make a row. columns: [{ name, label | expr, by?, unit?, words?, thresholds?, links? }...], in this order; `by` of a
  // column has further labels. sort: [[column, descending]...].
  table(title, description, by, columns, sort, width=24, height=8):
    local asked = [each for each in columns if 'expr' in each];
    local raw(each) = if 'label' in each then each.label
    else if std.length(asked) == 1 then 'Value'
    else 'Value #' + std.char(65 + std.find(each, asked)[0]);
    base('table', title, description, 'none', [
      $.column('max by (%s) (%s)' % [if 'by' in each then each.by else by, std.rstripChars(each.expr, '\n')])
      for each in asked
    ], width, height) + {
      fieldConfig+: {
        defaults+: { custom: { align: 'auto', filterable: true, displayMode: 'auto' } },
        overrides: [{
          matcher: { id: 'byName', options: each.name },
          properties:
            (if 'unit' in each then [{ id: 'unit', value: each.unit }] else [])
            + (if 'words' in each then [{ id: 'mappings', value: $.words(each.words) }] else [])
            + (if 'thresholds' in each then [{ id: 'thresholds', value: $.steps(each.thresholds) }] else [])
            + (if 'words' in each || 'thresholds' in each
               then [{ id: 'custom.displayMode', value: 'color-background-solid' }, { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } }]
               else [])
            + (if 'links' in each then [{ id: 'links', value: each.links }] else []),
        } for each in columns if std.setInter(std.set(std.objectFields(each)), std.set(['unit', 'words', 'thresholds', 'links'])) != []],
      },
      options: { showHeader: true, cellHeight: 'sm', sortBy: [{ displayName: each[0], desc: each[1] } for each in sort] },
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'filterFieldsByName',
          options: { include: { names: [raw(each) for each in columns] } },
        },
        {
          id: 'organize',
          options: {
            excludeByName: {},
            indexByName: { [raw(columns[i])]: i for i in std.range(0, std.length(columns) - 1) },
            renameByName: { [raw(each)]: each.name for each in columns },
          },
        },
      ],
    },

  // Rows of panels in Grafana's grid of 24 columns, left to right, with ids. rows: [{ title, panels }...].
  grid(rows):
    local place(state, panel) =
      local wraps = state.x + panel.gridPos.w > 24;
      local x = if wraps then 0 else state.x;
      local y = if wraps then state.next else state.y;
      state {
        x: x + panel.gridPos.w,
        y: y,
        next: std.max(if wraps then y else state.next, y + panel.gridPos.h),
        id: state.id + 1,
        panels: state.panels + [panel { id: state.id, gridPos+: { x: x, y: y } }],
      };
    local header(state, title) = state {
      x: 0,
      y: state.next + 1,
      next: state.next + 1,
      id: state.id + 1,
      panels: state.panels + [{ type: 'row', title: title, id: state.id, collapsed: false, panels: [], gridPos: { x: 0, y: state.next, w: 24, h: 1 } }],
    };
    std.foldl(
      function(state, row) std.foldl(place, row.panels, header(state, row.title)),
      rows,
      { x: 0, y: 0, next: 0, id: 1, panels: [] }
    ).panels,

  // A variable made of a label's values. `all` is what All stands for: `.+`, or `.*` where the label may be missing.
  variable(name, label, selector, all='.+', title=label): {
    type: 'query',
    name: name,
    label: title,
    datasource: $.datasource,
    query: { query: 'label_values(%s, %s)' % [selector, label], refId: 'variable-' + name },
    definition: self.query.query,
    refresh: 2,  // when the time range changes
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: all,
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: 0,
    regex: '',
    options: [],
  },
  datasourceVariable: {
    type: 'datasource',
    name: 'datasource',
    label: 'Data Source',
    query: 'prometheus',
    current: {},
    hide: 0,
    includeAll: false,
    multi: false,
    options: [],
    refresh: 1,
    regex: '',
  },

  // A mark at each moment that a series has as its value, in seconds.
  moments(name, expr, title, color): {
    name: name,
    datasource: $.datasource,
    expr: '1000 * ' + expr,
    titleFormat: title,
    textFormat: '',
    tagKeys: '',
    useValueForTime: 'on',
    step: '60s',
    enable: true,
    hide: false,
    iconColor: color,
  },

  dashboard(config, uid, title, description, variables, rows, annotations=[]): {
    uid: uid,
    title: title,
    description: description,
    tags: [config.dashboardTag],
    editable: false,
    graphTooltip: 1,
    refresh: config.dashboardRefresh,
    schemaVersion: 37,
    style: 'dark',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: [$.datasourceVariable] + variables },
    annotations: { list: annotations },
    links: [
      {
        type: 'dashboards',
        title: 'Backup dashboards',
        tags: [config.dashboardTag],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: '',
        url: '',
      },
      {
        type: 'link',
        title: 'Runbooks',
        url: config.runbookURLPattern % 'README',
        icon: 'doc',
        tooltip: 'A page for each alert',
        tags: [],
        asDropdown: false,
        includeVars: false,
        keepTime: false,
        targetBlank: true,
      },
    ],
    panels: $.grid(rows),
  },
}
