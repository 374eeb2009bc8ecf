import { execFileSync } from 'node:child_process';

/// Bars of the three rates, a panel for each class of durability.

const groups = [
  ['singles', 'single jobs'],
  ['batches', 'batches'],
  ['run', 'enqueue and run'],
];

const panels = [
  ['synced', 'Survives a loss of power'],
  ['relaxed', 'A loss of power may take the last moments'],
];

/// One series each, with its colour; the first that fits a row counts.
const series = [
  { title: 'beanstalkd', colour: '#9aa5b1',
    fits: (x) => x.system === 'beanstalkd' },
  { title: 'BullMQ on Redis', colour: '#c98b6b',
    fits: (x) => x.system.startsWith('BullMQ') },
  { title: 'RabbitMQ, classic', colour: '#e3c16f',
    fits: (x) => x.system === 'RabbitMQ' && x.setting.startsWith('classic') },
  { title: 'RabbitMQ, quorum', colour: '#b59a4a',
    fits: (x) => x.system === 'RabbitMQ' && x.setting.startsWith('quorum') },
  { title: 'Quaero', colour: '#2b6cb0',
    fits: (x) => x.system === 'Quaero' && !x.setting.includes(',') },
  { title: 'Quaero, jobs with a log', colour: '#8fb8de',
    fits: (x) => x.system === 'Quaero' && x.setting.includes(',') },
];

/// A rate as it stands above its bar.
export function label(perSecond) {
  const thousands = perSecond / 1000;
  return thousands >= 10 ? `${thousands.toFixed(0)}k` : `${thousands.toFixed(1)}k`;
}

function rateOf(rows, durability, workload, one) {
  const row = rows.find((x) => x.durability === durability && one.fits(x)
                               && x.workload === workload
                               && x.client.startsWith('Node'));
  return row?.perSecond?.median;
}

/// Bars side by side, and nothing where there is no figure.
function panelOf(rows, durability, title) {
  const shown = series.filter((one) => groups.some(([workload]) => (
    rateOf(rows, durability, workload, one) !== undefined)));
  if (shown.length === 0)
    return '';
  const width = shown.length + 1;
  const blocks = [];
  const plots = [];
  shown.forEach((one, i) => {
    const lines = [];
    groups.forEach(([workload], group) => {
      const rate = rateOf(rows, durability, workload, one);
      if (rate !== undefined)
        lines.push(`${group * width + i} ${rate / 1000} "${label(rate)}"`);
    });
    const block = `$${durability}${i}`;
    blocks.push(`${block} << EOD\n${lines.join('\n')}\nEOD`);
    plots.push(`${block} using 1:2 with boxes lc rgb "${one.colour}" `
               + `title "${one.title}"`,
               `${block} using 1:2:3 with labels offset 0,0.6 font ",11" `
               + 'tc rgb "#333333" notitle');
  });
  const tics = groups.map(([, name], group) => (
    `"${name}" ${group * width + (shown.length - 1) / 2}`));
  return `${blocks.join('\n')}\n`
         + `set title "${title}" font ",14" tc rgb "#222222"\n`
         + `set xtics (${tics.join(', ')})\n`
         + `set xrange [-1:${groups.length * width - 1}]\n`
         + `plot ${plots.join(', \\\n     ')}\n`;
}

/// The program of gnuplot that draws the rates of `rows`.
export function chartProgram(rows, path) {
  const all = panels.map(([durability, title]) => panelOf(rows, durability, title))
    .filter((x) => x !== '');
  return `set terminal svg size 860,${40 + 340 * all.length} background "white" `
         + 'font "Helvetica,12" noenhanced\n'
         + `set output "${path}"\n`
         + `set multiplot layout ${all.length},1\n`
         + 'set style fill solid 1.0 noborder\nset boxwidth 0.86\n'
         + 'set border 1 lc rgb "#888888"\n'
         + 'set xtics nomirror scale 0 font ",12" tc rgb "#222222"\n'
         + 'set ytics nomirror scale 0 tc rgb "#555555"\n'
         + 'set grid ytics lc rgb "#dddddd" lt 1\n'
         + 'set ylabel "thousand jobs a second" tc rgb "#555555"\n'
         + 'set yrange [0:*]\nset offsets 0, 0, graph 0.08, 0\n'
         + 'set key outside bottom center horizontal samplen 1 font ",11" maxrows 1 '
         + 'tc rgb "#222222"\n'
         + `${all.join('')}unset multiplot\n`;
}

export function drawChart(rows, path) {
  execFileSync('gnuplot', [], { input: chartProgram(rows, path),
                                stdio: ['pipe', 'inherit', 'inherit'] });
}
