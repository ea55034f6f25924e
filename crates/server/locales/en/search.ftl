search-title = Find a record
search-label = Name, email or id
search-go = Search
search-help = The beginnings of words are enough; an id is met whole, of either platform.
search-found = { $count ->
    [0] Nothing found
    [one] 1 record found
   *[other] { $count } records found
}
search-name = Name
search-state = State
search-in-step = in step
search-apart = not in step
search-more = There may be more. Add a word to see fewer.
