record-sync = Sync now
record-look = Compare with both platforms now
record-agreed = last agreed
record-due-now = waits to be looked at
record-due-at = is tried again at { $at }
record-state-active = in step
record-state-single = no counterpart
record-state-deleted-in-hubspot = rests: deleted in HubSpot
record-state-deleted-in-salesforce = rests: deleted in Salesforce
record-state-outside = rests: outside the segment or filter
record-state-apart = rests: parted
record-first = First seen
record-last = last seen
record-tries = { $count ->
    [one] tried once
   *[other] tried { $count } times
}
record-fields = Both sides, field by field
record-fields-help = What both sides held when they last agreed.
record-fields-docs = How the rules decide
record-no-fields = No field of these objects is mapped.
record-field = Field
record-rule = Rule
record-last-change = Last change
record-never = never written
record-last-written = written in { $side }
record-last-declined = an edit in { $side } was overruled
record-last-created = created in { $side }
record-history = History
record-undo = Show what undo would do
record-no-history = Nothing was done to it yet.
record-all-history = The whole history of this record
record-done-sync = Marked: it is looked at now.
record-now-title = { $title }, at this moment
record-now-at = Read from both platforms at
record-back = Back to the record
record-gone = The record is no longer there in { $side }.
record-now-changed = { $count ->
    [0] Both sides hold what was last agreed.
    [one] 1 field has changed since the two last agreed.
   *[other] { $count } fields have changed since the two last agreed.
}
record-note = Remark
record-changed = changed in { $side }
record-both-changed = changed on both sides
