/// What is measured, in the order of the report.
export const workloads = [
  {
    name: 'singles',
    title: 'Enqueue single jobs',
    mode: 'singles', ///< How jobs are made: see produce.js.
    hold: true,      ///< Nobody takes a job until all are made.
    counted: 'per_s',
  },
  {
    name: 'batches',
    title: 'Enqueue batches',
    mode: 'batches',
    hold: true,
    counted: 'per_s',
  },
  {
    name: 'run',
    title: 'Enqueue and run',
    mode: 'batches',
    hold: false,
    counted: 'per_s',
  },
  {
    name: 'pickup',
    title: 'Pickup latency',
    mode: 'paced',
    hold: false,
    counted: 'ms',
  },
];
