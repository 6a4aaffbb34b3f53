/** Every link of a document leads somewhere: to a file or folder of the repository, and to a heading where it names one. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownFiles, read, root } from "./repository.js";

const documents = ownFiles().filter((path) => path.endsWith(".md"));

/** What a document links to, code left out. */
function linksOf(path: string): string[] {
  const text = read(path)
    .replaceAll(/^```.*?^```/gms, "")
    .replaceAll(/`[^`\n]*`/g, "code");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors of a document's headings. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("links lead to files and headings that are there", () => {
  const dead = documents.flatMap((document) =>
    linksOf(document)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = "", anchor] = target.split("#");
        const path = file === "" ? document : join(dirname(document), file);
        if (!existsSync(join(root, path))) return true;
        return anchor !== undefined && !anchorsOf(path).includes(anchor);
      })
      .map((target) => `${document}: ${target}`),
  );
  assert.equal(dead, []);
});

test("every document is linked to from another", () => {
  const linked = new Set(
    documents.flatMap((document) =>
      linksOf(document).map((target) => join(dirname(document), target.split("#")[0] ?? "")),
    ),
  );
  assert.equal(
    documents.filter((path) => path !== "README.md" && !linked.has(path)),
    [],
  );
});

test.run();
