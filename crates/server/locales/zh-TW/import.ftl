import-title = 匯入
import-intro = 將您選取的記錄帶到另一端，即使那裡不會自動建立。它們會像其他記錄一樣比對、連結與同步。
import-unfinished = 有一項匯入中斷：{ $what }。
import-resume = 繼續匯入
import-latest = 最近的匯入
import-object = 匯入的物件
import-condition = 僅限符合此條件者
import-condition-help = Salesforce 為 SOQL 條件（WHERE 之後的部分）：Email != null。HubSpot 為區隔編號。留空表示全部。
import-created = 建立時間起（UTC）
import-modified = 變更時間起（UTC）
import-ids = 或僅這些記錄
import-ids-help = 其 ID，每行一個。
import-plan = 預覽匯入
import-plan-help = 在您看過之前不會匯入任何內容。
import-words-all = { $object }：全部
import-words-ids = { $object }：依 ID 共 { $count } 筆
import-words-where = { $object }，條件 { $condition }
