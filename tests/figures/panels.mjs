/** What the page's panels are in the games whose facts come in, as JSON. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { PANELS, inGame } = await import(pathToFileURL(process.argv[2]).href);
const all = JSON.parse(readFileSync(0, 'utf8'));
const applies = (of, facts) => of.when?.(facts) ?? true;
const panels = facts => PANELS.filter(panel => applies(panel, facts)).map(panel => ({
  key: panel.key,
  title: inGame(panel.title, facts),
  log: panel.log ?? false,
  fixed: panel.fixed?.(facts) ?? null,
  series: panel.series.filter(series => applies(series, facts)).map(series => ({
    column: series.column,
    label: inGame(series.label, facts),
    ink: series.ink,
    dash: series.dash ?? 'solid',
    width: series.width ?? 1.5,
    stepped: series.shape === 'hv',
    one: (series.derive ?? (value => value))(1, facts),
  })),
  references: panel.references(facts).map(({ value, label, ink = 'muted', since = 0 }) => ({ value, label, ink, since })),
}));
process.stdout.write(JSON.stringify(all.map(panels)));
