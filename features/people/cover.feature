Feature: Somebody is there when a colleague is away
  A role is lent for a time. Wherever two people are needed, a stand-in and the colleague count as one.

  Scenario: A stand-in never decides on what the colleague entered
    Given Ana has asked for $10.00 of fares
    And Ana lends her case work to Rae, who writes the rules
    When Rae answers a question of that family
    And Rae's account is later changed to finance
    Then Rae cannot approve the award

  Scenario Outline: Above the limit a stand-in is no second person
    Given Ana has asked for <amount> of fares
    And Ben is away and has lent his releasing to Faye, who approves
    And Ben approved the award before he left
    When Faye tries to let the money go
    Then the money is <outcome>

    Examples:
      | amount    | outcome  |
      | $1,500.00 | released |
      | $1,500.01 | held     |

  Scenario: A loan ends by itself
    Given Ana lends her case work to Rae, who writes the rules
    Then Rae may enter a request today
    And Rae may not enter a request a week later

  Scenario: Nobody borrows both sides of the same dollar
    When Ben tries to lend his approving to Ana
    Then he is told that nobody holds both
