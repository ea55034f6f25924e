import-title = Import
import-intro = Bring records that you choose to the other side, even where nothing is made there by itself. They are matched, linked and synced like any other.
import-unfinished = An import was cut short: { $what }.
import-resume = Go on with it
import-latest = The latest import
import-object = What is imported
import-condition = Only those that meet this condition
import-condition-help = In Salesforce a SOQL condition, as after WHERE: Email != null. In HubSpot the number of a segment. Empty for all.
import-created = Made since (UTC)
import-modified = Changed since (UTC)
import-ids = Or exactly these records
import-ids-help = Their ids, one a line.
import-plan = Show what it would do
import-plan-help = Nothing is imported before you have seen it.
import-words-all = { $object }: all
import-words-ids = { $object }: { $count } records by id
import-words-where = { $object } where { $condition }
