/**
 * Asks a name server for the IPv4 address of a name, in the protocol of RFC 1035 over UDP.
 *
 *   node out/examples/dns-query.js NAME [SERVER [PORT]]
 */
import { randomInt } from "node:crypto";
import { DatagramProtocol, type Future, getRunningLoop, run, waitFor } from "wasyncio";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;

/** A question: a header that wants recursion, the name as labels, its type and class. */
function encodeQuestion(id: number, name: string): Buffer {
  const header = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, TYPE_A, 0, CLASS_IN])]);
}

/** The addresses of an answer to a question of so many bytes. */
function decodeAddresses(answer: Buffer, questionBytes: number): string[] {
  const addresses: string[] = [];
  let at = questionBytes;
  for (let left = answer.readUInt16BE(6); left > 0; left--) {
    while ((answer[at] as number) > 0 && (answer[at] as number) < 0xc0) at += (answer[at] as number) + 1;
    at += (answer[at] as number) >= 0xc0 ? 2 : 1;
    const bytes = answer.readUInt16BE(at + 8);
    if (answer.readUInt16BE(at) === TYPE_A) addresses.push([...answer.subarray(at + 10, at + 14)].join("."));
    at += 10 + bytes;
  }
  return addresses;
}

class Answered extends DatagramProtocol {
  constructor(
    readonly id: number,
    readonly answer: Future<Buffer>,
  ) {
    super();
  }

  override datagramReceived(data: Buffer): void {
    const isOurs = data.length >= HEADER_BYTES && data.readUInt16BE(0) === this.id;
    if (isOurs && !this.answer.done()) this.answer.setResult(data);
  }
}

const [name = "example.org", host = "127.0.0.1", port = "53"] = process.argv.slice(2);
await run(async () => {
  const loop = getRunningLoop();
  const protocol = new Answered(randomInt(0x10000), loop.createFuture<Buffer>());
  const question = encodeQuestion(protocol.id, name);
  const [transport] = await loop.createDatagramEndpoint(() => protocol, null, { host, port: Number(port) });
  transport.sendto(question);
  const answer = await waitFor(protocol.answer, 5);
  const addresses = decodeAddresses(answer, question.length);
  console.log(addresses.length > 0 ? `${name} is ${addresses.join(" and ")}` : `${name} has no address`);
  transport.close();
});
