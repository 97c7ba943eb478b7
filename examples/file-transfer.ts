import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { type Channel, Host } from "jelling";
import { VirtualAir } from "jelling/virtual";

// node dist/examples/file-transfer.js FILE: sends a file, by default this one, over a credit-based channel.
const path = process.argv[2] ?? fileURLToPath(import.meta.url);
const spsm = 0x80;

async function send(channel: Channel): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  const { size } = await stat(path);
  const header = { name: basename(path), size, sha256: hash.digest("hex") };
  await channel.send(new TextEncoder().encode(JSON.stringify(header))); // the first SDU
  await pipeline(createReadStream(path), channel.duplex()); // the others; no faster than they are taken
}

async function receive(channel: Channel): Promise<void> {
  const { value: first } = await channel[Symbol.asyncIterator]().next();
  const header: unknown = JSON.parse(new TextDecoder().decode(first));
  const { name, size, sha256 } = header as { name: string; size: number; sha256: string };
  const file = join(await mkdtemp(join(tmpdir(), "jelling-")), basename(name)); // the name is the peer's word
  const hash = createHash("sha256");
  let received = 0;
  await pipeline(
    channel.duplex(),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        showProgress((received += chunk.length) / size);
        yield chunk;
      }
    },
    createWriteStream(file),
  );
  const intact = received === size && hash.digest("hex") === sha256;
  console.log(`${received} octets, ${intact ? "every one as it was sent" : "DAMAGED"}, are in ${file}`);
}

function showProgress(part: number): void {
  const bar = "█".repeat(Math.round(40 * part)).padEnd(40, "░");
  if (process.stdout.isTTY)
    process.stdout.write(`\r${bar} ${Math.floor(100 * part)} %${part < 1 ? "" : "\n"}`);
}

const air = new VirtualAir(); // on a real radio the two are programs of their own
await using receiver = await Host.open(air.controller().transport(), { name: "file drop" });
const incoming = receiver.listen({ spsm })[Symbol.asyncIterator]().next();
await receiver.advertise({ name: "file drop" });
await using sender = await Host.open(air.controller().transport());
const connection = await sender.connect(receiver.address);
const sending = connection.openChannel({ spsm }).then(send);
await Promise.all([sending, incoming.then(({ value }) => value && receive(value))]);
