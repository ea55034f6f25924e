errors-title = Errors
errors-back = All errors by kind
errors-none = Nothing: all is in step.
errors-intro = { $count } could not be synced. Each kind says what is behind it and what to do; what could not be synced is also tried again by itself.
errors-records = { $count ->
    [one] 1 record
   *[other] { $count } records
}
errors-retry = Resync
errors-retry-all = Resync all
errors-retry-these = Resync these
errors-done-retry = Marked: they are looked at again now.
errors-cause = What is behind it
errors-remedy = What to do
errors-message = What the platform said
errors-seen = First and last seen
errors-examples = Records
errors-all = show all
errors-record = Record
errors-first = First seen
errors-tries = Tries
errors-next = Next page
