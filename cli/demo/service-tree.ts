import { hexNumber } from "../../src/common/bytes.ts";
import type { NamedAttribute, NamedService } from "./events.ts";
import type { Paint } from "./paint.ts";

interface Row {
  readonly attribute: NamedAttribute;
  /** The branches of the tree that lead to it. */
  readonly branch: string;
  readonly name: string;
  readonly properties: string;
}

/** Services with all they have, an attribute a line: handle, name, properties, UUID. */
export function serviceTree(services: readonly NamedService[], paint: Paint): readonly string[] {
  const rows = services.flatMap(serviceRows);
  const nameWidth = widest(rows, ({ branch, name }) => branch + name);
  const propertiesWidth = widest(rows, ({ properties }) => properties);
  return rows.map(({ attribute, branch, name, properties }) => {
    const handle = paint("dim", `0x${hexNumber(attribute.handle, 4)}`);
    const shownName = branch === "" ? paint("bold", name) : name;
    const gap = " ".repeat(nameWidth - branch.length - name.length);
    const shownProperties = paint("cyan", properties.padEnd(propertiesWidth));
    return `${handle}  ${branch}${shownName}${gap}  ${shownProperties}  ${paint("dim", attribute.uuid.toString())}`;
  });
}

function serviceRows(service: NamedService): readonly Row[] {
  const name = service.name ?? "a service of its maker";
  const rows: Row[] = [{ attribute: service, branch: "", name, properties: "" }];
  for (const [index, characteristic] of service.characteristics.entries()) {
    const isLast = index + 1 === service.characteristics.length;
    const { descriptors, properties } = characteristic;
    rows.push({
      attribute: characteristic,
      branch: isLast ? "└─ " : "├─ ",
      name: characteristic.name ?? "a characteristic of its maker",
      properties: properties.join(", "),
    });
    for (const [index, descriptor] of descriptors.entries()) {
      rows.push({
        attribute: descriptor,
        branch: (isLast ? "   " : "│  ") + (index + 1 === descriptors.length ? "└─ " : "├─ "),
        name: descriptor.name ?? "a descriptor of its maker",
        properties: "",
      });
    }
  }
  return rows;
}

function widest(rows: readonly Row[], textOf: (row: Row) => string): number {
  return Math.max(0, ...rows.map((row) => textOf(row).length));
}
