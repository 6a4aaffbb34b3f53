/**
 * What a Wasm module imports and exports, with signatures.
 *
 * Owns: reading the four sections of the binary format that hold them. The JavaScript API tells names and kinds only.
 *
 * Does not own: which imports and exports are right (`boundary.txt`).
 */
const valueTypes = { 127: "i32", 126: "i64", 125: "f32", 124: "f64" };
const kinds = ["function", "table", "memory", "global"];
const sections = { type: 1, import: 2, function: 3, export: 7 };

/**
 * One line for each import and export of a module, sorted.
 *
 *     export callAt (f64) -> i32
 *     import host.select (f64) -> i32
 *
 * @throws Error for an import that is not a function
 */
export function describeBoundary(bytes) {
  const types = readVector(sectionOf(bytes, sections.type), readFunctionType);
  const imports = readVector(sectionOf(bytes, sections.import), readImport);
  const declared = readVector(sectionOf(bytes, sections.function), (reader) => reader.unsigned());
  const exports = readVector(sectionOf(bytes, sections.export), readExport);
  const imported = imports.filter(({ kind }) => kind === "function").map(({ type }) => type);
  const functions = [...imported, ...declared];
  const lines = [
    ...exports.map(({ name, kind, index }) => `export ${name} ${kind === "function" ? types[functions[index]] : kind}`),
    ...imports.map(({ name, kind, type }) => `import ${name} ${kind === "function" ? types[type] : kind}`),
  ];
  return `${lines.sort().join("\n")}\n`;
}

/** Reads numbers and names, and nothing past the end of its section. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.offset = 0;
  }

  byte() {
    return this.bytes[this.offset++];
  }

  /** LEB128. */
  unsigned() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(length) {
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  name() {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }
}

function sectionOf(bytes, wanted) {
  const reader = new Reader(bytes.subarray(8));
  while (reader.offset < reader.bytes.length) {
    const id = reader.byte();
    const content = reader.take(reader.unsigned());
    if (id === wanted) return new Reader(content);
  }
  return new Reader(new Uint8Array([0]));
}

function readVector(reader, readItem) {
  return Array.from({ length: reader.unsigned() }, () => readItem(reader));
}

function readFunctionType(reader) {
  reader.byte();
  const parameters = readVector(reader, readValueType);
  const results = readVector(reader, readValueType);
  return `(${parameters.join(", ")}) -> ${results.join(", ") || "nothing"}`;
}

function readValueType(reader) {
  return valueTypes[reader.byte()];
}

function readImport(reader) {
  const name = `${reader.name()}.${reader.name()}`;
  const kind = kinds[reader.byte()];
  if (kind === "function") return { name, kind, type: reader.unsigned() };
  throw new Error(`core.wasm imports the ${kind} ${name}: it may import functions only`);
}

function readExport(reader) {
  return { name: reader.name(), kind: kinds[reader.byte()], index: reader.unsigned() };
}
