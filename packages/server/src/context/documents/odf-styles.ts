// Which styles of an OpenDocument file hide what they are on.
import { walkXml } from "./xml.ts"

/** Names of styles of texts, tables and slides that are not shown, of the document itself and of its common styles. */
export function hiddenStyles(content: string, common: string | undefined): Set<string> {
  const hidden = new Set<string>()
  for (const [xml, what] of [
    [content, "content.xml"],
    [common, "styles.xml"],
  ] as const) {
    if (xml === undefined || !/display\s*=|visibility\s*=/.test(xml)) continue
    let style = ""
    walkXml(xml, what, {
      open: (element) => {
        if (element.name === "style") style = element.attribute("style:name") ?? ""
        else if (style !== "" && element.name.endsWith("-properties")) {
          const shown =
            element.attribute("text:display") ?? element.attribute("table:display") ?? element.attribute("presentation:visibility")
          if (shown === "none" || shown === "false" || shown === "hidden") hidden.add(style)
        }
      },
      close: (name) => {
        if (name === "style") style = ""
      },
    })
  }
  return hidden
}
