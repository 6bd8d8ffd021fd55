// Why something was found: its rank and score among the hits by words and by meaning, and what else counted.

interface ArmScore {
  rank: number
  score: number
}

export interface Reasons {
  words: ArmScore | null
  vectors: ArmScore | null
  session?: number | undefined
  speaker?: true | undefined
  tokens?: ArmScore | undefined
  asks?: true | undefined
  hop?: { shared: number } | undefined
  rerank?: (ArmScore & { model: string }) | undefined
  time?: number | undefined
}

export function Why({ why }: { why: Reasons }): React.JSX.Element {
  const { session, tokens, rerank, time, hop } = why
  return (
    <>
      <span title="Rank and BM25 score among what has the words">words {armText(why.words)}</span>
      <span title="Rank and cosine among what is near in meaning">meaning {armText(why.vectors)}</span>
      {tokens ? <span title="Rank and score by the question’s words, each met by the text’s own">wording {armText(tokens)}</span> : null}
      {rerank ? <span title={`Rank and score by ${rerank.model}`}>reranked {armText(rerank)}</span> : null}
      {session === undefined ? null : (
        <span title="How well its whole session fits by words; the best session has 1">session {session.toFixed(2)}</span>
      )}
      {time === undefined ? null : <span title="Near a time that the question names; 1 is within it">time {time.toFixed(2)}</span>}
      {why.speaker ? <span>by whom the question names</span> : null}
      {why.asks ? <span title="It ends by asking, so it gave way">asks</span> : null}
      {hop ? <span title="Reached from other results over what both speak of">over {hop.shared} shared names</span> : null}
    </>
  )
}

function armText(arm: ArmScore | null): string {
  return arm === null ? "–" : `#${arm.rank} (${arm.score.toFixed(2)})`
}
