layout-skip = Skip to the content
layout-open = This is the demo: everybody on this machine is administrator.
layout-places = Tandem
layout-connections = Connections
layout-users = Users
layout-tokens = API tokens
layout-audit = Audit log
layout-sign-out = Sign out
layout-connection-places = Connection
layout-language = Language
layout-home = Back to the first page
layout-state-active = active
layout-state-paused = paused
layout-state-stopped = stopped
layout-ago-seconds = { $count ->
    [one] 1 second ago
   *[other] { $count } seconds ago
}
layout-ago-minutes = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
layout-ago-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
layout-ago-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
