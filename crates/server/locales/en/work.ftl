work-nothing = Nothing would change.
work-counts = How much would happen
work-where = Where
work-what = What would happen
work-records = Records
work-brake = The brake would stop the pass before this, and ask:
work-examples = { $count ->
    [one] One example
   *[other] { $count } examples
}
work-more-fields = and { $count } more fields
work-action-create = would be created
work-action-update = would be updated
work-action-link = would be linked
work-action-delete = would go into the recycle bin
work-action-relink = its link would change
work-action-decline = an edit would be declined
work-action-refuse = could not be synced
work-settings-plan = What the settings would change
work-undo-plan = What undo would do
work-undo-done = Undo
work-import-plan = What the import would do
work-import-done = Import
work-undo-record = Record { $record } and its counterpart
work-undo-run = Run { $run }
work-undo-since = Everything since { $since }
work-running = At work…
work-seconds = { $count } s
work-again = Look again
work-failed = It could not be done:
work-import-chosen = { $count } chosen so far.
work-import-made = { $count } made.
work-import-linked = { $count } linked.
work-import-do = Import these records
work-undo-nothing = There is nothing to take back.
work-undo-to-do = { $count ->
    [one] 1 step would be done.
   *[other] { $count } steps would be done.
}
work-undo-applied = { $count ->
    [one] 1 step taken back.
   *[other] { $count } steps taken back.
}
work-undo-failed = { $count } could not be done; the list says why.
work-undo-conflicts = { $count } are left, because somebody has changed them since.
work-undo-force = Also take back what somebody has changed since
work-undo-do = Take it back
work-undo-undo = This undo can itself be taken back:
work-undo-run-link = its run in the history
work-step = Step
work-now = Holds
work-then = Gets back
work-remark = Remark
work-more-steps = and { $count } more
work-step-leave = left as it is
work-step-refused = refused
work-step-unknown = not known
work-step-write-plan = would be written back
work-step-write-done = written back
work-step-delete-plan = would go into the recycle bin
work-step-delete-done = put into the recycle bin
work-step-part-plan = would be parted
work-step-part-done = parted
work-step-relink-plan = would be in step again
work-step-relink-done = in step again
work-sum-chosen = chosen
work-sum-imported = made on the other side
work-sum-linked = linked with one that was there
work-sum-in-step = in step before
work-sum-skipped = left alone
work-sum-refused = refused
work-skipped-help = Left alone are records that are gone, outside the segment or filter, or that no mapping makes.
