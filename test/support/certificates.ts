/**
 * Certificates for tests: an authority, and what it has signed.
 *
 * Owns: having openssl make them, anew for each test file, so that none is checked in and none can expire.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, in PEM, and where they are. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certFile: string;
  readonly keyFile: string;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** An authority with a folder of its own, which is gone when the process ends. */
export class Authority implements Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "wasyncio-ca-"));

  constructor() {
    process.once("exit", () => rmSync(this.#folder, { recursive: true, force: true }));
    this.certFile = join(this.#folder, "ca.pem");
    this.keyFile = join(this.#folder, "ca.key");
    const files = ["-keyout", this.keyFile, "-out", this.certFile];
    openssl("req", "-x509", ...KEY, ...files, "-days", "2", "-subj", "/CN=wasyncio tests");
  }

  get cert(): Buffer {
    return readFileSync(this.certFile);
  }

  get key(): Buffer {
    return readFileSync(this.keyFile);
  }

  /**
   * Signs a certificate.
   *
   * @param names what it is for, such as `DNS:localhost,IP:127.0.0.1`
   * @param days how long it is good for; a negative number makes one that has expired
   */
  sign(name: string, names: string, days = 2): Certificate {
    const file = (ending: string): string => join(this.#folder, `${name}.${ending}`);
    const [certFile, keyFile] = [file("pem"), file("key")];
    writeFileSync(file("ext"), `subjectAltName=${names}\n`);
    openssl("req", ...KEY, "-keyout", keyFile, "-out", file("csr"), "-subj", `/CN=${name}`);
    const authority = ["-CA", this.certFile, "-CAkey", this.keyFile, "-CAcreateserial"];
    const validity = ["-days", String(days)];
    openssl("x509", "-req", "-in", file("csr"), ...authority, "-out", certFile, ...validity, "-extfile", file("ext"));
    return { cert: readFileSync(certFile), key: readFileSync(keyFile), certFile, keyFile };
  }
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
