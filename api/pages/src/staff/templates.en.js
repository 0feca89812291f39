/** The console's words about templates of acts, in English. */
export default {
  办件用语: 'Templates',
  部门用语: 'Template',
  '不用，自己写': 'None: write it yourself',
  '已填入下面，请核对、修改后再发；依据和决定仍要自己选。':
    'Filled in below: check and change it before you send it. Decision and ground are still yours to choose.',
  '下面的内容来自不能用于这个决定的用语：请换一条，或者选“不用，自己写”并改好内容。':
    'These words are of a template that is not for this decision: choose another, or “None” and correct them.',
  '用语没有加载出来。': 'The templates did not load.',
  '换成这条用语？': 'Take this template?',
  '已经写的内容会被换掉。': 'What you have written will be replaced.',
  换掉: 'Replace',
  用在哪一步: 'Used in',
  哪一种决定: 'For which decision',
  都可以: 'any',
  同意: 'granted',
  不同意: 'refused',
  当天日期: 'Today',
  申请日期: 'Day of submission',
  区审批局: 'Approval Bureau',
  李审批: 'Li Shenpi',
  '2026 年 12 月 8 日': '8 Dec 2026',
  '2026 年 12 月 1 日': '1 Dec 2026',
  语言: 'Language',
  申请人还能怎么办: 'What the applicant can still do',
  '接在内容后面。复议和诉讼的告知由系统写，这里不用写。':
    'Follows the text. Review and lawsuit are explained by the system.',
  '可以选用的依据，一行一条': 'Grounds to choose from, one a line',
  '不会自动填入，由经办人逐件选。': 'Never filled in: the officer chooses in each case.',
  '填好后，例如：': 'Filled in, for example: ',
  '可选依据：{list}': 'Grounds: {list}',
  '用语已保存。': 'The template was saved.',
  '停用这条用语？': 'Retire this template?',
  '停用后不能再用，也不能再改；以前发出的不受影响。':
    'It can be used and changed no more. What was sent stays as it is.',
  停用: 'Retire',
  '停用 {name}': 'Retire {name}',
  看停用的: 'Show retired ones',
  '没有停用的用语。': 'None was retired.',
  '还没有用语。常写的决定、告知添加一次，办件时选用。':
    'There is none yet. Add what is often written once; officers choose it in a case.',
  '同事刚停用了这条，不能再改。': 'A colleague has just retired it; it cannot be changed any more.',
}
