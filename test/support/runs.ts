/** How often each property is tried: `FC_RUNS=100000 npm test` for the long run. Spread into fast-check's options. */
export const runs: { readonly numRuns: number } = { numRuns: Number(process.env["FC_RUNS"] ?? 200) };
