/**
 * What CPython's socket module answers to the same questions.
 *
 * Owns: asking both, and bringing the answers into one form: texts of JSON, or the code of the error.
 *
 * Does not own: the questions, nor what is made of a difference.
 */
import { execFileSync } from "node:child_process";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { InetAddress } from "../../../host/net/address.js";

/** Host, port, family, type, proto and flags of getaddrinfo. */
export type AddressQuestion = readonly [
  host: string | null,
  port: number | string | null,
  family?: number,
  type?: number,
  proto?: number,
  flags?: number,
];

/** An address and the flags of getnameinfo. */
export type NameQuestion = readonly [host: string, port: number, flags: number, scopeId?: number];

/** Both sides' answers to one question. */
export interface Compared {
  readonly question: string;
  readonly ours: string;
  readonly theirs: string;
}

const PROGRAM = `
import json, socket, sys
def ask(what, arguments):
    try:
        if what == "getnameinfo":
            host, port, flags, *scope = arguments
            return socket.getnameinfo((host, port, 0, *scope) if scope else (host, port), flags)
        return [
            [family, type, proto, canonname, address[0], address[1], address[3] if len(address) > 2 else 0]
            for family, type, proto, canonname, address in socket.getaddrinfo(*arguments)
        ]
    except socket.gaierror as error:
        return error.args[0]
what, questions = json.load(sys.stdin)
json.dump([ask(what, question) for question in questions], sys.stdout)
`;

/** As CPython numbers them, and as we call them. */
const CODES: Readonly<Record<string, string>> = {
  "-1": "EAI_BADFLAGS",
  "-2": "ENOTFOUND",
  "-3": "EAI_AGAIN",
  "-4": "EAI_FAIL",
  "-5": "ENOTFOUND",
  "-6": "EAI_FAMILY",
  "-7": "EAI_SOCKTYPE",
  "-8": "EAI_SERVICE",
  "-9": "EAI_ADDRFAMILY",
};

/** Asks both sides for the addresses. */
export function compareAddresses(loop: EventLoop, questions: readonly AddressQuestion[]): Promise<Compared[]> {
  return compare("getaddrinfo", questions, async ([host, port, family, type, proto, flags]) => {
    const options = Object.entries({ family, type, proto, flags }).filter(([, value]) => value !== undefined);
    const infos = await loop.getaddrinfo(host, port, Object.fromEntries(options));
    return infos.map(({ address, ...info }) => {
      const { family: family_, type: type_, proto: proto_, canonname } = info;
      return [family_, type_, proto_, canonname, address.host, address.port, address.scopeId ?? 0];
    });
  });
}

/** Asks both sides for the names. */
export function compareNames(loop: EventLoop, questions: readonly NameQuestion[]): Promise<Compared[]> {
  return compare("getnameinfo", questions, async ([host, port, flags, scopeId = 0]) => {
    return await loop.getnameinfo({ host, port, scopeId } satisfies InetAddress, flags);
  });
}

async function compare<Question>(
  what: string,
  questions: readonly Question[],
  ask: (question: Question) => Promise<unknown>,
): Promise<Compared[]> {
  const input = JSON.stringify([what, questions]);
  const theirs = JSON.parse(execFileSync("python3", ["-c", PROGRAM], { input, encoding: "utf8" })) as unknown[];
  const compared: Compared[] = [];
  for (const [index, question] of questions.entries()) {
    const answer = theirs[index];
    const ours = await ask(question).catch((error: { code: string }) => error.code);
    compared.push({
      question: JSON.stringify(question),
      ours: JSON.stringify(ours),
      theirs: JSON.stringify(typeof answer === "number" ? CODES[answer] : answer),
    });
  }
  return compared;
}

/** What differs, as texts. */
export function differences(compared: readonly Compared[]): string[] {
  const differing = compared.filter(({ ours, theirs }) => ours !== theirs);
  return differing.map(({ question, ours, theirs }) => `${question}: ours ${ours}, CPython's ${theirs}`);
}
