// Why something was found: its rank and score among the hits by words and by meaning.

interface ArmScore {
  rank: number
  score: number
}

export function Why({ why }: { why: { words: ArmScore | null; vectors: ArmScore | null } }): React.JSX.Element {
  return (
    <>
      <span title="Rank and BM25 score among what has the words">words {armText(why.words)}</span>
      <span title="Rank and cosine among what is near in meaning">meaning {armText(why.vectors)}</span>
    </>
  )
}

function armText(arm: ArmScore | null): string {
  return arm === null ? "–" : `#${arm.rank} (${arm.score.toFixed(2)})`
}
