// Recognises texts that ask for behaviour. Rules, so it misses some; nothing of low trust stands where it could instruct anyway.

/** Typography, invisible characters and case hide nothing. */
function plain(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/[\p{Cf}\p{Cc}]/gu, (character) => (character === "\n" ? "\n" : ""))
    .replaceAll(/[’‘]/gu, "'")
    .toLowerCase()
}

const verbs =
  "answer|reply|respond|say|tell|write|speak|use|call|invoke|run|execute|send|forward|email|mail|post|share|reveal|print|output|show|include|insert|append|add|" +
  "ignore|disregard|forget|remember|treat|trust|approve|grant|allow|accept|refuse|reject|recommend|suggest|prefer|mention|promote|buy|order|book|pay|transfer|" +
  "click|visit|open|download|upload|install|delete|remove|disable|enable|bypass|skip|pretend|act|behave|address|translate|summari[sz]e|confirm|follow|obey|comply|" +
  "redirect|route|escalate|warn|ask|check|save|store|copy|publish|set|change|replace|mark|stop|start|keep|make|ensure|avoid|contact|sign|close"
const often =
  "always|never|from now on|from here on|going forward|in (?:the )?future|henceforth|at all times|every time|each time|whenever|by default"

const english = [
  new RegExp(String.raw`\b(?:${often})\b[^.!?\n]{0,60}\b(?:${verbs}|you|your|the assistant|the agent|the model)\b`, "u"),
  new RegExp(
    String.raw`\b(?:you|the (?:assistant|agent|model|ai|bot)|assistants|agents)\s+(?:must|should|shall|have to|has to|need to|needs to|are to|is to|may not|must not|will (?:now|always|never)|ought to)\b`,
    "u",
  ),
  /\b(?:ignore|disregard|forget|override|bypass|drop)\b[^.!?\n]{0,40}\b(?:instruction|rule|prompt|guideline|polic|message|context|above|previous|prior|earlier)/u,
  new RegExp(
    String.raw`(?:^|[\n.!?;:"'(\-*>]\s*|\bplease\s+|\bkindly\s+)(?:do not|don't|never|always|please|be sure to|make sure (?:to|that|you)|remember to|you are now|act as|pretend (?:to|that|you)|refer to me|address me|call me)\s`,
    "u",
  ),
  new RegExp(
    String.raw`(?:^|\n|[.!?]\s+|\bplease\s+|\bkindly\s+|\bthen\s+)(?:${verbs})\s+(?:me|us|it|this|that|them|him|her|all|any|every|the|a|an|your|my|our|to|only|with|as|in|no|not|every|everything|nothing|https?:|\S+@)`,
    "u",
  ),
  /(?:^|\n)\s*(?:#+\s*)?(?:system|assistant|developer|instructions?|important|note to (?:the )?(?:assistant|ai|agent|model)|new instructions?)\s*[:\]>]/u,
  /<\/?(?:system|instructions?|assistant|important|admin)[^>]*>|\[\/?(?:inst|system)\]|<\|im_(?:start|end)\|>/u,
  /\b(?:when|if)\s+(?:the\s+)?(?:user|customer|someone|anyone|asked)\b[^.!?\n]{0,80},?\s*(?:you\s+)?(?:must|should|always|never|then|reply|respond|answer|say|tell|send|recommend)\b/u,
]
const others = [
  // German, French, Spanish, Italian, Portuguese, Dutch
  /\b(?:ab jetzt|von nun an|ab sofort|künftig|zukünftig|du musst|du sollst|sie müssen|sie sollen|ignoriere|ignorieren sie|vergiss alle|antworte (?:immer|nur|stets)|(?:immer|stets|niemals|nie) (?:antworten|verwenden|nennen|sagen|schreiben|empfehlen|senden)|(?:verwende|nenne|sage?|schreibe?|empfiehl|sende?|leite) (?:immer|stets|nie|niemals|mich|alle|jede))/u,
  /\b(?:désormais|dorénavant|à partir de maintenant|tu dois|vous devez|ignore[zr]? (?:toutes?|les)|oublie[zr]? (?:toutes?|les)|réponds? (?:toujours|seulement)|(?:utilise|recommande|envoie|dis|écris)[zs]? (?:toujours|jamais|moi|tout))/u,
  /\b(?:a partir de ahora|de ahora en adelante|debes|tienes que|usted debe|ignora (?:todas?|las|los)|olvida (?:todas?|las|los)|responde (?:siempre|solo)|(?:siempre|nunca) (?:responde|usa|di|recomienda|envía|escribe|llama))/u,
  /\b(?:d'ora in poi|da ora in poi|devi|deve sempre|ignora (?:tutte|le)|rispondi (?:sempre|solo)|(?:sempre|mai) (?:rispondere|usare|dire))/u,
  /\b(?:a partir de agora|de agora em diante|você deve|deves|ignore (?:todas?|as)|responda (?:sempre|apenas)|(?:sempre|nunca) (?:responda|use|diga|recomende|envie))/u,
  /\b(?:vanaf nu|voortaan|je moet|u moet|negeer (?:alle|de)|antwoord (?:altijd|alleen))/u,
  // Russian, Chinese, Japanese, Korean, Arabic
  /(?:с этого момента|отныне|впредь|ты долж[а-яё]+|вы должны|игнорируй|забудь все|отвечай (?:всегда|только)|(?:всегда|никогда не) (?:отвечай|используй|говори|рекомендуй))/u,
  /(?:从现在(?:起|开始)|从今以后|今后(?:请|都|必须)|你(?:必须|应该|要|不得)|請?(?:忽略|无视|無視)(?:之前|以上|所有|前面)|(?:始终|总是|永远|務必|务必|一律)(?:要|不|使用|回答|回复|推荐|称呼)|请(?:始终|总是|不要|务必))/u,
  /(?:今後は|これからは|必ず|常に.{0,20}(?:してください|すること|せよ)|(?:無視|回答|返答|推奨|送信|使用)して(?:ください|下さい)|しないでください|してはいけません)/u,
  /(?:앞으로는?|지금부터|항상 .{0,20}(?:하세요|해라|하십시오|해주세요)|반드시|무시하(?:세요|고|라)|절대 .{0,20}(?:마세요|말 ?것))/u,
  /(?:من الآن فصاعد|يجب عليك|تجاهل (?:جميع|كل|التعليمات)|دائما (?:قل|أجب|استخدم)|لا تقل أبدا)/u,
]

/** Whether the text asks for behaviour. Below the trust of a user it is then withheld from recalls unless they ask for it, as data. */
export function isDirective(text: string): boolean {
  const folded = plain(text)
  return english.some((rule) => rule.test(folded)) || others.some((rule) => rule.test(folded))
}
