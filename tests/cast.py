"""The cast: who acts in the tests. They are the demo accounts, so that tests and demo tell one story.

tech inspects Shaoguan; lead leads the provider's project; supervisor is the bureau; office reads and exports;
admin keeps accounts. tech2, lead2 and supervisor2 belong to Futian and must see nothing of Shaoguan.
"""

SHAOGUAN = ("tech", "lead", "supervisor", "office", "admin")
FUTIAN = ("tech2", "lead2", "supervisor2")
EVERYBODY = SHAOGUAN + FUTIAN
PASSWORD = "correct horse battery"
