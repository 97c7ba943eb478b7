// Credit-based channels alone: MB/s and processor time of SDUs of 512, 2048 and 65535 octets, against the floor. Options
// of the benchmarks may be given as well.
process.argv.push("coc-512", "coc-2048", "coc-65535");
await import("./bench.ts");
