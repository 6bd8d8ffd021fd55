// Statements, each in several ways of saying it.

export const paraphrases: readonly (readonly string[])[] = [
  ["My name is Ada Lovelace.", "I am called Ada Lovelace.", "Hi, my name is Ada Lovelace!"],
  ["I live in Paris.", "I am living in Paris.", "I currently live in Paris.", "My city is Paris.", "By the way, I still live in Paris."],
  ["I work at Acme.", "I currently work for Acme.", "My employer is Acme.", "My company is Acme."],
  ["I work as a nurse.", "I am a nurse.", "I'm a nurse.", "My job is nurse."],
  ["I love green tea.", "I like green tea.", "I really enjoy green tea.", "I'm a big fan of green tea.", "I am fond of green tea."],
  ["I hate olives.", "I don't like olives.", "I can't stand olives.", "I do not like olives."],
  ["I prefer trains to planes.", "I prefer trains over planes.", "Actually I prefer trains to planes."],
  ["I'm allergic to peanuts.", "I am allergic to peanuts.", "I'm severely allergic to peanuts."],
  ["I'm vegan.", "I am vegan.", "I'm a vegan.", "My diet is vegan."],
  ["My favorite color is teal.", "My favourite colour is teal.", "My favourite color is teal!"],
  ["My favorite film is Alien.", "my favourite film is Alien"],
  ["My birthday is 3 May.", "Remember that my birthday is 3 May."],
  ["My dog's name is Rex.", "I have a dog named Rex.", "I've got a dog called Rex.", "My dog is called Rex."],
  ["My wife's name is Grace.", "My wife is called Grace.", "My wife is named Grace."],
  ["I speak Italian.", "I can speak Italian.", "I speak Italian too."],
  ["My timezone is CET.", "My time zone is CET."],
  ["My phone number is 555 0100.", "My phone is 555 0100."],
  ["The deadline for Apollo is 12 June.", "The deadline of Apollo is 12 June.", "Apollo's deadline is 12 June."],
  ["Anna's birthday is 7 July.", "Anna's birthday is 7 July!"],
  ["Yesterday I bought a bike.", "I bought a bike yesterday."],
]
