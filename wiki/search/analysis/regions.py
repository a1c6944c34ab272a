"""What the mainland, Taiwan and Hong Kong call differently, and the phrase tables of OpenCC do not turn one into the
other – or only in texts that are written in Traditional characters. General language, written for this house.

Every line is a group of equal words, in any script; they are read in both directions.
"""

GROUPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split())
    for line in """
程序 程式
软件 軟體
硬件 硬體
固件 韌體
账号 帳號 账户 帳戶
短信 簡訊 短訊
网络 網路 網絡
宽带 寬頻
上网流量 行動數據 數據用量
移动网络 行動網路 流動網絡
服务器 伺服器
登录 登入 登陆
注销 登出
密码 通行碼
屏幕 螢幕 熒幕
鼠标 滑鼠
U盘 隨身碟 優盤
数据库 資料庫
死机 當機 宕机
重启 重開機 重新開機
打印 列印
打印机 印表機
复印 影印
扫描仪 掃描器
光猫 數據機 調製解調器
路由器 分享器
无线网络 無線網路
信号 訊號
消息 訊息
信息 資訊
信息安全 資安 資通安全
视频 視訊
数字化 數位化
界面 介面
设置 設定
默认 預設
导入 匯入
导出 匯出
字段 欄位
缓存 快取
插件 外掛
兼容 相容
升级 升等
电子表格 試算表
内存 記憶體
磁盘 磁碟
硬盘 硬碟
芯片 晶片
用户 使用者
二维码 QRcode
手机号 手机号码 門號
营业厅 門市 服務中心
充值 儲值 加值
话费充值 通話儲值
预付费卡 預付卡 儲值卡
携号转网 攜碼 號碼可攜
不限流量 吃到飽
客服热线 客服專線
续约 續約
停机 停話
复机 復話
来电显示 來電號碼顯示
彩铃 來電答鈴
呼叫等待 插撥
呼叫转移 來電轉接 指定轉接
语音信箱 語音郵箱
基站 基地台
热点 行動熱點
移动支付 行動支付
转账 轉帳
欠费 欠繳
多缴 溢繳
退订 取消訂閱
投诉 客訴
质量 品質
项目 專案
工号 員工編號
呼入 進線
在线 線上
联机 連線
医保 健保
医保卡 健保卡
收费窗口 批價櫃檯
缴费处 批價處
取药 領藥
药房 藥局
就诊 看診
挂号费 掛號費
门诊 門診
住院处 住院櫃檯
电子病历 電子病歷
化验单 檢驗報告
医嘱 醫令
身份证 身分證
快递 宅配
出租车 計程車
人脸识别 人臉辨識
安装包 安裝檔
文件夹 資料夾
快捷键 快速鍵
截屏 截圖 螢幕擷取
死链 失效連結
链接 連結
网址 網址列
""".strip().splitlines()
)
