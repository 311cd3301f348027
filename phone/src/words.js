// Every word that a person reads, Chinese first, English beside it.

const WORDS = {
  app: ["一码手机签名", "Yima phone signing"],
  welcome: ["用手机安全登录", "Sign in safely with your phone"],
  welcomeText: [
    "电脑上要登录时，在这里看清楚、输入密码，再确认。没有您的手机和密码，别人登录不了您的账号。",
    "When somebody signs in on a computer, you look here, type your PIN, and confirm. Without your phone and PIN nobody gets in.",
  ],
  step1: ["在电脑上登录“我的账户”，选择“手机签名”", "On a computer, open “My account” and choose “Phone signing”"],
  step2: ["用这部手机扫描页面上的二维码", "Scan the code on that page with this phone"],
  step3: ["设置一个只有您知道的手机密码", "Choose a PIN that only you know"],
  scan: ["扫描二维码", "Scan the code"],
  paste: ["或者粘贴页面上的链接", "Or paste the link from the page"],
  useLink: ["使用这个链接", "Use this link"],
  badLink: ["这不是设置用的链接。请在电脑上重新打开设置页面。", "This is not a set-up link. Please open the set-up page on the computer again."],
  install: ["请把本页“添加到主屏幕”，以后从主屏幕打开，免得浏览器清理时丢失密钥。", "Add this page to your home screen and open it from there, so that the browser does not clear the key away."],
  choosePin: ["设置手机密码", "Choose a PIN"],
  choosePinText: ["6 至 12 位数字。它不是账号密码，也不要用生日、手机号或银行卡密码。", "6 to 12 digits. Not your account's password; no birthday, telephone number or bank PIN."],
  pin: ["手机密码", "PIN"],
  pinAgain: ["再输入一次", "Once more"],
  oldPin: ["现在的手机密码", "Your PIN now"],
  newPin: ["新的手机密码", "New PIN"],
  next: ["下一步", "Next"],
  working: ["请稍候…", "One moment…"],
  pinDiffers: ["两次输入的不一样。", "The two are not the same."],
  weak_short: ["至少 6 位数字。", "At least 6 digits."],
  weak_long: ["最多 12 位数字。", "At most 12 digits."],
  weak_digits: ["只能是数字。", "Digits only."],
  weak_common: ["这个密码太容易被猜到，请换一个。", "This one is guessed too easily. Please choose another."],
  confirm_login: ["确认登录？", "Confirm this sign-in?"],
  confirm_step_up: ["确认这次操作？", "Confirm this step?"],
  confirm_enrol: ["用这部手机签名", "Use this phone"],
  confirm_pin_change: ["修改手机密码", "Change the PIN"],
  enrolText: ["请核对下面的账号是您的，再输入电脑页面上显示的两位数字。", "Check that the account below is yours, then type the two digits that the page shows."],
  number: ["电脑页面上的两位数字", "The two digits on the sign-in page"],
  approve: ["确认", "Confirm"],
  approveEnrol: ["完成设置", "Finish"],
  cancel: ["取消", "Cancel"],
  notMe: ["不是我", "Not me"],
  notMeHint: ["如果不是您本人在登录，请点“不是我”：登录会被拒绝，手机签名暂停一小时，并提醒学校。", "If somebody else is signing in, press “Not me”: it is refused, phone signing stops for an hour, and the school is told."],
  elsewhere: ["有应用在等您答复", "An app waits for your answer"],
  elsewhereText: ["它想确认是不是您本人。如果您没有在办理什么，请拒绝。", "It asks whether it is you. Say no if you began nothing."],
  elsewhereLook: ["去查看", "Look at it"],
  purpose: ["用途", "Purpose"],
  purpose_login: ["登录", "Sign in"],
  purpose_step_up: ["再次确认身份", "Confirm who you are"],
  purpose_enrol: ["设置手机签名", "Set up phone signing"],
  purpose_pin_change: ["修改手机密码", "Change the PIN"],
  client_name: ["应用", "App"],
  sub: ["账号", "Account"],
  ip_text: ["来自", "From"],
  iat: ["时间", "Time"],
  exp: ["有效至", "Good until"],
  iss: ["身份平台", "Identity platform"],
  acr: ["级别", "Level"],
  client_id: ["应用编号", "App id"],
  kid: ["密钥编号", "Key id"],
  tx: ["交易编号", "Transaction"],
  nonce: ["随机数", "Nonce"],
  whole: ["这就是将要签名的全部内容", "This is everything that will be signed"],
  done_login: ["已确认，请回到电脑", "Confirmed. Please go back to the computer"],
  done_enrol: ["设置完成，请回到电脑", "All set. Please go back to the computer"],
  done_pin_change: ["手机密码已修改", "The PIN has been changed"],
  declined: ["已取消", "Cancelled"],
  declinedNotMe: ["已拒绝，并已提醒学校", "Refused, and the school has been told"],
  declinedNotMeText: ["有人知道您的账号密码。请尽快在电脑上修改密码。", "Somebody knows your password. Please change it soon."],
  good: ["好", "OK"],
  idle: ["没有等待确认的登录", "Nothing waits for you"],
  idleText: ["在电脑上登录时，请打开本页。", "Open this page when you sign in on a computer."],
  offline: ["连不上服务器，请检查网络。", "The server cannot be reached. Please check the network."],
  settings: ["设置", "Settings"],
  changePin: ["修改手机密码", "Change the PIN"],
  remove: ["停用这部手机", "Stop using this phone"],
  removeText: ["停用后，这部手机不能再为此账号签名。要再用，需在电脑上重新设置。", "This phone will not sign for the account any more. To use it again, set it up anew on a computer."],
  removeSure: ["确定停用", "Stop using it"],
  back: ["返回", "Back"],
  add: ["添加另一个账号", "Add another account"],
  since: ["启用于 %s", "In use since %s"],
  wrong_pin: ["手机密码不对，还可以试 %s 次。", "The PIN is not right. %s tries left."],
  wrong_number: ["两位数字不对，请看电脑页面。", "The two digits are not right. Please look at the page."],
  locked: ["这部手机已锁定。请在电脑上用其他方式登录后重新设置，或者找学校管理员。", "This phone is locked. Sign in another way and set it up again, or ask your school."],
  gone: ["这次请求已经结束或过期。请在电脑上重新开始。", "This request is over. Please start again on the computer."],
  stale: ["内容已经变化，请重新打开。", "It has changed meanwhile. Please open it again."],
  unknown: ["这部手机已被停用。", "This phone is not in use any more."],
  invalid: ["服务器不接受这个请求。", "The server does not take this request."],
  too_many: ["次数太多，请稍后再试。", "Too often. Please try again later."],
  cheated: ["服务器的回答不对，没有签名。请告诉学校。", "The server's answer is wrong. Nothing was signed. Please tell your school."],
  trouble: ["出了问题，请重试。", "Something went wrong. Please try again."],
};

const english = !/^zh\b/i.test(navigator.language);

export const language = english ? "en" : "zh-CN";

export function say(name, ...values) {
  return values.reduce((text, value) => text.replace("%s", String(value)), WORDS[name][english ? 1 : 0]);
}

/** A moment, as the message has it: seconds since 1970. */
export function moment(seconds) {
  const style = { month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(language, style).format(new Date(seconds * 1000));
}

export const day = (milliseconds) => new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(milliseconds));
