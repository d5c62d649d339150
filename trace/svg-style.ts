/** How a diagram's drawing looks, by light and by dark; every rule is for the drawing alone, where it stands inside of a page. */

const light = {
  paper: "#ffffff",
  ink: "#1c2333",
  soft: "#667085",
  faint: "#cdd3de",
  head: "#f5f7fa",
  commit: "#12783a",
  abort: "#b42318",
  note: "#7a4d00",
  "note-paper": "#fff6df",
  coordinator: "#1d5fd1",
  participant: "#0b7a75",
  acceptor: "#7a3fd0",
  "on-solid": "#ffffff",
};

const dark: typeof light = {
  paper: "#12161f",
  ink: "#e4e8f0",
  soft: "#98a2b3",
  faint: "#3a4354",
  head: "#1b212d",
  commit: "#4cc07a",
  abort: "#ff7a6b",
  note: "#f0c674",
  "note-paper": "#2c2616",
  coordinator: "#78a9ff",
  participant: "#4fc9c0",
  acceptor: "#b794f6",
  "on-solid": "#12161f",
};

/** What the drawing's root is called. */
export const ROOT = "nemcon-diagram";

function colours(of: typeof light): string {
  return Object.entries(of)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");
}

const rules: readonly (readonly [selector: string, declarations: string])[] = [
  ["text", "fill:var(--ink);stroke:none"],
  [".paper", "fill:var(--paper)"],
  [".title", "font-size:15px;font-weight:600"],
  [".soft,.time", "fill:var(--soft)"],
  [".time", "text-anchor:end;font-size:11px;font-variant-numeric:tabular-nums"],
  [".middle", "text-anchor:middle"],
  [".end", "text-anchor:end"],
  // Lines that pass behind a label do not run through it.
  [".label", "paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round"],
  [".head-box", "fill:var(--head);stroke:var(--soft);stroke-width:1.5"],
  [".head-box.coordinator", "stroke:var(--coordinator)"],
  [".head-box.participant", "stroke:var(--participant)"],
  [".head-box.acceptor", "stroke:var(--acceptor)"],
  [".name", "font-weight:600"],
  [".role", "fill:var(--soft);font-size:11px"],
  [".lifeline", "stroke:var(--soft);stroke-width:1.25"],
  [".down", "stroke:var(--faint);stroke-width:1.25;stroke-dasharray:2 5"],
  [".arrow", "stroke:var(--ink);stroke-width:1.4;fill:none"],
  [".head", "fill:var(--ink);stroke:none"],
  [".arrow.commit", "stroke:var(--commit)"],
  [".head.commit,.label.commit", "fill:var(--commit)"],
  [".arrow.abort", "stroke:var(--abort)"],
  [".head.abort,.label.abort", "fill:var(--abort)"],
  [".arrow.lost,.arrow.dashed", "stroke-dasharray:5 4"],
  [".arrow.lost", "stroke:var(--soft)"],
  [".cross", "stroke:var(--abort);stroke-width:2.2;stroke-linecap:round"],
  [".pill rect", "fill:var(--paper);stroke:var(--soft);stroke-width:1.25"],
  [".pill.commit rect", "stroke:var(--commit)"],
  [".pill.commit text", "fill:var(--commit)"],
  [".pill.abort rect,.pill.death rect", "stroke:var(--abort)"],
  [".pill.abort text,.pill.death text", "fill:var(--abort)"],
  [".pill.life rect", "stroke:var(--ink)"],
  [".pill.solid rect", "fill:var(--soft)"],
  [".pill.solid.commit rect", "fill:var(--commit)"],
  [".pill.solid.abort rect,.pill.solid.death rect", "fill:var(--abort)"],
  [".pill.solid text", "fill:var(--on-solid);font-weight:600"],
  [".disk", "stroke:var(--ink);stroke-width:1.2;fill:none"],
  [".disk.forced path", "fill:var(--ink)"],
  [".disk.forced ellipse", "fill:var(--paper)"],
  [".note rect", "fill:var(--note-paper);fill-opacity:0.9;stroke:var(--note);stroke-width:1"],
  [".note text", "fill:var(--note)"],
];

/** @returns the style sheet's text */
export function styleSheet(): string {
  const root = `.${ROOT}`;
  return [
    `${root}{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;${colours(light)}}`,
    `@media (prefers-color-scheme:dark){${root}{${colours(dark)}}}`,
    ...rules.map(
      ([selector, declarations]) =>
        `${selector
          .split(",")
          .map((each) => `${root} ${each}`)
          .join(",")}{${declarations}}`,
    ),
  ].join("\n");
}
