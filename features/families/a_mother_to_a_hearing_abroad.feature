Feature: A mother goes to a hearing abroad, and the funder decides first
  Our own fund pays up to its limit for a hearing. The rest is asked of a federal program, for this family alone,
  and nothing of it is set aside before it has said yes.

  Scenario: The program's yes makes the trip whole
    Given the family of story a has asked for help
    Then a person decides if they could pay, who else was asked, and of three costs abroad by the rates of April
    When Ana decides each of them, with her reason
    Then the award covers $4,000.00, and none of it is the program's
    When the mother signs that the program may be told, and Ana writes to it
    Then the award covers $4,000.00, and none of it is the program's
    When it grants $1,500.00 for the fare, and Sam has read its letter too
    Then the award covers $5,403.25, and $1,403.25 of it is the program's
    And the rooms and meals abroad are provisional
    When Ben approves it and Carla releases it
    And Ben logs the payments made elsewhere and Carla verifies them
    Then $283.25 is paid by Stripe and $5,120.00 by logged payments
    And the books balance

  Scenario: The flight leaves before the funder has decided, so our own money bridges
    Given the family of story a has asked for help with the fare alone
    When Ana decides each of them, with her reason
    And the mother signs that the program may be told, and Ana writes to it
    And Ben approves it and Carla releases it
    And Ben logs the payments made elsewhere and Carla verifies them
    Then our own fund has paid $2,980.00 and the program $0.00
    When it grants $1,500.00 for the fare, and Sam has read its letter too
    And Ben asks to move that much of the fare to the program
    Then our own fund has paid $2,980.00 and the program $0.00
    When Carla confirms that the program bears it
    Then our own fund has paid $1,480.00 and the program $1,500.00
    And the books balance
