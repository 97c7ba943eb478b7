import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** Every source file of a folder. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .map((path) => join(root, folder, path));
}

/** A file that another one imports or re-exports, perhaps for its types alone. */
interface Import {
  readonly file: string;
  readonly typesOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8").replaceAll(/\/\*.*?\*\//gs, "");
  return [...text.matchAll(/^(?:import|export)\s([^;"]*?)"(\.[^"]+)"/gm)].map(([, what, path]) => ({
    file: resolve(file, "..", path!),
    typesOnly: isTypesOnly(what!),
  }));
}

/** `type { A }`, or `{ type A, type B }`. */
function isTypesOnly(what: string): boolean {
  const names =
    /\{(.*)\}/s
      .exec(what)?.[1]
      ?.split(",")
      .map((name) => name.trim()) ?? [];
  const named = names.filter((name) => name !== "");
  return what.startsWith("type ") || (named.length > 0 && named.every((name) => name.startsWith("type ")));
}

/** The circles of a graph, each as the names of all that are in it (Tarjan's strongly connected components). */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): number => {
    const number = numbers.size;
    numbers.set(node, number);
    lowest.set(node, number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const reached = numbers.has(next) ? (stack.includes(next) ? numbers.get(next)! : number) : visit(next);
      lowest.set(node, Math.min(lowest.get(node)!, reached));
    }
    if (lowest.get(node) === number) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1 || graph.get(node)?.includes(node)) circles.push(circle);
    }
    return lowest.get(node)!;
  };
  for (const node of graph.keys()) if (!numbers.has(node)) visit(node);
  return circles;
}

describe("files", () => {
  const graphOf = (folders: string[], wanted: (each: Import) => boolean): Map<string, string[]> =>
    new Map(
      folders
        .flatMap(sources)
        .map((file) => [file, importsOf(file).flatMap((each) => (wanted(each) ? each.file : []))]),
    );
  const namesOf = (circles: string[][]): string[][] =>
    circles.map((circle) => circle.map((file) => relative(root, file)).sort());

  it("import one another in no circle", () => {
    const graph = graphOf(["src", "transports", "testing", "cli"], ({ typesOnly }) => !typesOnly);
    expect(graph.size).toBeGreaterThan(200);
    const imports = [...graph.values()].flat();
    expect(imports.length).toBeGreaterThan(1000);
    expect(
      imports.filter((path) => !graph.has(path) && !path.endsWith(".d.ts")),
      "imports that are no file",
    ).toEqual([]);
    expect(namesOf(circlesIn(graph))).toEqual([]);
  });

  it("of the virtual radio and the commands do not even name one another's types in a circle", () => {
    expect(namesOf(circlesIn(graphOf(["transports", "cli"], () => true)))).toEqual([]);
  });

  it("would be found in one", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", ["a"]],
      ["d", []],
      ["e", ["e"]],
    ]);
    expect(circlesIn(graph).map((circle) => circle.sort())).toEqual([["a", "b", "c"], ["e"]]);
  });
});
